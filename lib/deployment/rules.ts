// The rules of a deployment: which callbacks may be called, and which config items are valid. The functions read the rules
// from their environment. The CLI does not have this environment, so it asks `resume` for the rules.
import { type AddressRules, addressRules } from '#lib/callback/address.ts';
import { checkHost, checkUrl } from '#lib/callback/guard.ts';
import { refusalOfQueueUrl } from '#lib/endpoint/queue-host.ts';
import type { EndpointRules } from '#lib/endpoint/schema.ts';
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
  readonly endpoints: {
    /** Private ranges that Kafka brokers may be in. */
    readonly brokerCidrs: readonly string[];
    readonly allowPlaintextSasl: boolean;
    /** The endpoint of an emulated AWS, on a local stage. */
    readonly emulator?: string | undefined;
  };
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
  endpoints: {
    brokerCidrs: config.BROKER_CIDRS,
    allowPlaintextSasl: config.ALLOW_PLAINTEXT_SASL,
    emulator: allowsThisMachine(config) ? config.AWS_ENDPOINT_URL : undefined,
  },
});

/** The checks that an item of a subscription or an endpoint has to pass. */
export type ItemRules = SubscriptionRules & EndpointRules;

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
export const subscriptionRules = (config: RulesEnvironment): ItemRules => itemRules(deploymentRules(config));

/** Which addresses Kafka brokers may have. */
export const brokerAddresses = ({
  allowThisMachine,
  endpoints,
}: Pick<DeploymentRules, 'allowThisMachine' | 'endpoints'>): AddressRules =>
  addressRules({ allowThisMachine, allowedCidrs: endpoints.brokerCidrs });

/** Turns the deployment's rules into the checks that an item of a subscription or an endpoint has to pass. */
export function itemRules({
  largestReadTimeoutMs,
  allowTrustAll,
  allowAnyHostname,
  allowHttp,
  secrets,
  endpoints,
  ...addresses
}: DeploymentRules): ItemRules {
  const brokers = brokerAddresses({ ...addresses, endpoints });
  const urlRules = { allowHttp, addresses: addressRules(addresses) };
  return {
    largestReadTimeoutMs,
    allowTrustAll,
    allowAnyHostname,
    checkUrl: (url) => checkUrl(url, urlRules),
    checkSecret: secretCheck(secrets),
    checkQueueUrl: (url) => refusalOfQueueUrl(url, { emulator: endpoints.emulator }),
    checkBrokerHost: (host) => refusalOfBroker(host, brokers),
    allowPlaintextSasl: endpoints.allowPlaintextSasl,
  };
}

function refusalOfBroker(host: string, addresses: AddressRules): string | undefined {
  const refusal = checkHost(host, addresses);
  return refusal === undefined
    ? undefined
    : `has a broker that ${refusal}: name its range in the parameter brokerCidrs; loopback and link-local addresses can't be allowed`;
}
