// Checks where an endpoint is: the host of a queue, the addresses of brokers, whether a password would go there without TLS,
// and whether another could be in its place. Looks up no name; names are checked when a connection is opened.
import type { Fault } from '#lib/item/fault.ts';
import type { Endpoint, KafkaConfiguration } from './endpoint.ts';

/** The deployment's rules for the places of endpoints. */
export type PlaceRules = {
  /** Why a queue may not be at this URL, as a sentence without its text; undefined when it may. */
  readonly checkQueueUrl: (url: string) => string | undefined;
  /** Why a broker may not be at this host, a name or an IP literal; undefined when it may. */
  readonly checkBrokerHost: (host: string) => string | undefined;
  /** Whether a password may be sent to brokers without TLS. */
  readonly allowPlaintextSasl: boolean;
  /** Whether `hostnameVerifier` may be false without a trust store of the endpoint's own. */
  readonly allowAnyHostname: boolean;
};

/** All faults of the endpoint's place. */
export function faultsOfPlace({ type, configuration }: Endpoint, rules: PlaceRules): Fault[] {
  switch (type) {
    case 'sqs': {
      if ('queueArn' in configuration) return [];
      const reason = rules.checkQueueUrl(configuration.queueUrl);
      return reason === undefined ? [] : [{ path: 'configuration.queueUrl', reason }];
    }
    case 'kafka':
      return faultsOfBrokers(configuration, rules);
    default:
      return type satisfies never;
  }
}

function faultsOfBrokers({ bootstrapServers, security }: KafkaConfiguration, rules: PlaceRules): Fault[] {
  const faults: Fault[] = [];
  for (const server of bootstrapServers) {
    const host = hostOf(server);
    const reason = host === undefined ? NO_HOST : rules.checkBrokerHost(host);
    if (reason === undefined) continue;
    faults.push({ path: 'configuration.bootstrapServers', reason });
    break;
  }
  if (
    security.protocol === 'SASL_PLAINTEXT' &&
    security.sasl?.saslMechanism === 'PLAIN' &&
    !rules.allowPlaintextSasl
  ) {
    faults.push({ path: 'configuration.security.protocol', reason: PASSWORD_IN_CLEAR });
  }
  const { hostnameVerifier = true, trustStore } = security.ssl ?? {};
  if (!hostnameVerifier && (trustStore ?? NO_STORE).type === 'NONE' && !rules.allowAnyHostname)
    faults.push({ path: 'configuration.security.ssl.hostnameVerifier', reason: ANY_HOST });
  return faults;
}

const PASSWORD_IN_CLEAR =
  'would send the password without encryption: choose SASL_SSL or a SCRAM mechanism, or deploy with allowPlaintextSasl';

const NO_STORE = { type: 'NONE' } as const;
const ANY_HOST =
  'is not allowed by this deployment without a trustStore: anybody can have a certificate of a public authority, for a host of their own';

const NO_HOST = 'has a broker whose host is neither a name nor an address';

/**
 * The host of host:port in its plain form: a name in lower case, 127.0.0.1 for 2130706433, an IPv6 address without brackets.
 * Undefined for a host that can't be one.
 */
const hostOf = (server: string): string | undefined =>
  URL.parse(`http://${server}`)?.hostname.replace(/^\[|\]$/g, '');
