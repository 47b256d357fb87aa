// What a deployment allows: of callbacks, and of the items that name them. Made of the environment by the functions, and
// told to the CLI, which has none.
import { addressRules } from '#lib/callback/address.ts';
import { checkUrl } from '#lib/callback/guard.ts';
import type { SubscriptionRules } from '#lib/subscription/schema.ts';
import type { CommonEnvironment } from './config.ts';
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

/** The SDK takes an empty one for none, and AWS's own may be written out. */
const isEmulator = (endpointUrl = ''): boolean => {
  const host = URL.parse(endpointUrl)?.hostname;
  return (
    host !== undefined && !/(^|\.)(amazonaws\.com(\.cn)?|api\.aws|amazonwebservices\.com\.cn)\.?$/.test(host)
  );
};

/** What this deployment allows, as data that the CLI can be told. */
export type DeploymentRules = {
  readonly largestReadTimeoutMs: number;
  readonly allowHttp: boolean;
  readonly allowedCidrs: readonly string[];
  readonly allowThisMachine: boolean;
  readonly allowTrustAll: boolean;
  readonly responseCapBytes: number;
};

/** The deployment's rules as data, which the CLI asks `resume` for. */
export const deploymentRules = (config: CommonEnvironment): DeploymentRules => ({
  largestReadTimeoutMs: config.LARGEST_READ_TIMEOUT_MS,
  allowHttp: config.ALLOW_HTTP,
  allowedCidrs: config.ALLOWED_CIDRS,
  allowThisMachine: allowsThisMachine(config),
  allowTrustAll: config.ALLOW_TRUST_ALL,
  responseCapBytes: config.RESPONSE_CAP_BYTES,
});

/** The options of a callback client that keeps to these rules. */
export const callbackOptions = ({
  allowHttp,
  allowedCidrs,
  allowThisMachine,
  responseCapBytes,
}: DeploymentRules) => ({ allowHttp, allowedCidrs, allowThisMachine, responseCapBytes });

/** Where the callback client may go. */
export const callbackRules = (config: CommonEnvironment) => callbackOptions(deploymentRules(config));

/** What a config item is checked against. */
export const subscriptionRules = (config: CommonEnvironment): SubscriptionRules =>
  itemRules(deploymentRules(config));

/** Turns the deployment's rules into the checks that a subscription's item has to pass. */
export function itemRules({
  largestReadTimeoutMs,
  allowTrustAll,
  allowHttp,
  ...addresses
}: DeploymentRules): SubscriptionRules {
  const urlRules = { allowHttp, addresses: addressRules(addresses) };
  return { largestReadTimeoutMs, allowTrustAll, checkUrl: (url) => checkUrl(url, urlRules) };
}
