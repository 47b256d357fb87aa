// The rules of a deployment: which callbacks may be called, and which config items are valid. The functions read the rules
// from their environment. The CLI does not have this environment, so it asks `resume` for the rules.
import { addressRules } from '#lib/callback/address.ts';
import { checkUrl } from '#lib/callback/guard.ts';
import type { SecretRules } from '#lib/item/secret-owner.ts';
import type { SubscriptionRules } from '#lib/subscription/schema.ts';
import type { RulesEnvironment } from './config.ts';
import { secretCheck, secretRules } from './secret-rules.ts';
import { isLocalStage } from './stage-and-region.ts';

/**
 * Callbacks to this machine are for the emulated AWS alone, and that takes both: the stage's name and an endpoint
 * that is not AWS. Lambda's own runtime API listens on loopback.
 */
export const allowsThisMachine = ({
  STAGE,
  AWS_ENDPOINT_URL,
}: {
  STAGE: string;
  AWS_ENDPOINT_URL?: string | undefined;
}) => isLocalStage(STAGE) && isEmulator(AWS_ENDPOINT_URL);

/** An empty URL is no URL for the SDK, and the variable may also hold an endpoint of AWS itself. */
const isEmulator = (endpointUrl = ''): boolean => {
  const host = URL.parse(endpointUrl)?.hostname;
  return (
    host !== undefined && !/(^|\.)(amazonaws\.com(\.cn)?|api\.aws|amazonwebservices\.com\.cn)\.?$/.test(host)
  );
};

/** The rules of a deployment, as data that can be sent to the CLI. */
export type DeploymentRules = {
  readonly largestReadTimeoutMs: number;
  readonly allowHttp: boolean;
  readonly allowedCidrs: readonly string[];
  readonly allowThisMachine: boolean;
  readonly allowTrustAll: boolean;
  readonly allowAnyHostname: boolean;
  readonly responseCapBytes: number;
  readonly secrets: SecretRules;
};

/** The deployment's rules as data, which the CLI asks `resume` for. */
export const deploymentRules = (config: RulesEnvironment): DeploymentRules => ({
  largestReadTimeoutMs: config.LARGEST_READ_TIMEOUT_MS,
  allowHttp: config.ALLOW_HTTP,
  allowedCidrs: config.ALLOWED_CIDRS,
  allowThisMachine: allowsThisMachine(config),
  allowTrustAll: config.ALLOW_TRUST_ALL,
  allowAnyHostname: config.ALLOW_ANY_HOSTNAME,
  responseCapBytes: config.RESPONSE_CAP_BYTES,
  secrets: secretRules(config),
});

/** The options of a callback client that keeps to these rules. */
export const callbackOptions = ({
  allowHttp,
  allowedCidrs,
  allowThisMachine,
  responseCapBytes,
}: DeploymentRules) => ({ allowHttp, allowedCidrs, allowThisMachine, responseCapBytes });

/** Where the callback client may go. */
export const callbackRules = (config: RulesEnvironment) => callbackOptions(deploymentRules(config));

/** The rules by which a function checks a config item. */
export const subscriptionRules = (config: RulesEnvironment): SubscriptionRules =>
  itemRules(deploymentRules(config));

/** Turns the deployment's rules into the checks that a subscription's item has to pass. */
export function itemRules({
  largestReadTimeoutMs,
  allowTrustAll,
  allowAnyHostname,
  allowHttp,
  secrets,
  ...addresses
}: DeploymentRules): SubscriptionRules {
  const urlRules = { allowHttp, addresses: addressRules(addresses) };
  return {
    largestReadTimeoutMs,
    allowTrustAll,
    allowAnyHostname,
    checkUrl: (url) => checkUrl(url, urlRules),
    checkSecret: secretCheck(secrets),
  };
}
