// The rules of a stage `dev` with default parameters, for tests of what an item may say.
import type { DeploymentRules } from '#lib/deployment/rules.ts';

type More = Partial<
  Pick<DeploymentRules, 'allowedCidrs' | 'allowThisMachine' | 'allowAnyHostname'> &
    DeploymentRules['endpoints']
>;

/** The rules, with the given ones in place of the defaults. */
export const rulesOf = ({
  allowedCidrs = [],
  allowThisMachine = false,
  allowAnyHostname = false,
  brokerCidrs = [],
  allowPlaintextSasl = false,
  emulator,
}: More = {}): DeploymentRules => ({
  largestReadTimeoutMs: 30_000,
  allowHttp: false,
  allowedCidrs,
  allowThisMachine,
  allowTrustAll: false,
  allowAnyHostname,
  responseCapBytes: 65_536,
  secrets: { prefix: 'webhooks/dev', shared: [], account: undefined, region: undefined },
  endpoints: { brokerCidrs, allowPlaintextSasl, emulator },
});
