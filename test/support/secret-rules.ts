// The rule of a stage `dev` about secrets, and none, for tests that parse items.
import { secretCheck } from '#lib/deployment/secret-rules.ts';

/** As a deployment with default parameters decides. */
export const devSecrets = {
  checkSecret: secretCheck({ prefix: 'webhooks/dev', shared: [], account: undefined, region: undefined }),
};

/** Every item may use every secret. */
export const anySecrets = { checkSecret: () => undefined };
