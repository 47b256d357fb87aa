// Rules for tests that parse items: a check of secrets as in a stage `dev`, a check that allows every secret, and a rule that
// allows every endpoint.
import { secretCheck } from '#lib/deployment/secret-rules.ts';
import type { PlaceRules } from '#lib/endpoint/places.ts';

/** Endpoints may be anywhere, if their certificates say so. */
export const anyPlace: PlaceRules = {
  checkQueueUrl: () => undefined,
  checkBrokerHost: () => undefined,
  allowPlaintextSasl: true,
  allowAnyHostname: false,
};

/** As a deployment with default parameters decides. */
export const devSecrets = {
  ...anyPlace,
  checkSecret: secretCheck({ prefix: 'webhooks/dev', shared: [], account: undefined, region: undefined }),
};

/** Every item may use every secret. */
export const anySecrets = { ...anyPlace, checkSecret: () => undefined };
