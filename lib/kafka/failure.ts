// Classifies errors of the Kafka client for a dead letter: is the record at fault, or the endpoint? Decided by error codes;
// the client nests its errors, so all of them are read.
import { ADDRESS_REFUSED } from '#lib/callback/guard.ts';
import { BROKER } from './broker-guard.ts';

/** `record`: no broker will take this record. The others are faults of the endpoint and may pass. */
export type FailureKind =
  | 'record'
  | 'topic'
  | 'rights'
  | 'authentication'
  | 'forbidden'
  | 'tls'
  | 'unreachable'
  | 'broker';

export type KafkaFailure = {
  readonly kind: FailureKind;
  /** Says what is wrong, at which brokers, and what to check. It has no other value of the configuration. */
  readonly detail: string;
};

const BY_PROTOCOL_CODE: Readonly<Record<string, FailureKind>> = {
  MESSAGE_TOO_LARGE: 'record',
  RECORD_LIST_TOO_LARGE: 'record',
  INVALID_RECORD: 'record',
  INVALID_TIMESTAMP: 'record',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'record',
  UNKNOWN_TOPIC_OR_PARTITION: 'topic',
  UNKNOWN_TOPIC_ID: 'topic',
  INVALID_TOPIC_EXCEPTION: 'topic',
  TOPIC_AUTHORIZATION_FAILED: 'rights',
  CLUSTER_AUTHORIZATION_FAILED: 'rights',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'rights',
  SASL_AUTHENTICATION_FAILED: 'authentication',
  UNSUPPORTED_SASL_MECHANISM: 'authentication',
  ILLEGAL_SASL_STATE: 'authentication',
};

const WORDS: Readonly<Record<FailureKind, string>> = {
  record: 'the broker will not take this record',
  topic: 'the topic does not exist',
  rights: 'this user may not publish to the topic',
  authentication: 'the brokers do not accept the credentials or the mechanism',
  forbidden:
    'the address of a broker is one that this deployment does not allow: name its range in the parameter brokerCidrs',
  tls: 'no TLS connection: is the protocol right, and the certificate one that is trusted, for this host?',
  unreachable: 'no broker answers: are the addresses right, and reachable from here?',
  broker: 'the broker refused',
};

/** In order of priority: the first kind found is reported. Those that need a person come first. */
const KINDS: readonly FailureKind[] = [
  'record',
  'topic',
  'rights',
  'authentication',
  'forbidden',
  'tls',
  'unreachable',
];
/** Kinds of failures of a connection, for which it is said where it should have gone. */
const OF_CONNECTIONS: readonly FailureKind[] = ['authentication', 'forbidden', 'tls', 'unreachable'];
const MOST_BROKERS = 5;

/** The client's code of any failed connection. */
const NETWORK = 'PLT_KFK_NETWORK';
const TLS_CODE = /^(ERR_SSL|ERR_TLS|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/** Classifies any error of a @platformatic/kafka client. */
export function failureOf(error: unknown): KafkaFailure {
  const all = [...nested(error)];
  const found = new Map<FailureKind, string>();
  for (const one of all) {
    const classified = kindOf(one);
    if (classified === undefined) continue;
    // The system's own code, inside the client's error, says more.
    if ((found.get(classified.kind) ?? NETWORK) === NETWORK) found.set(classified.kind, classified.code);
  }
  for (const kind of KINDS) {
    const code = found.get(kind);
    if (code === undefined) continue;
    const where = OF_CONNECTIONS.includes(kind) ? brokersIn(all) : '';
    return { kind, detail: `${WORDS[kind]} (${code}${where})` };
  }
  const codes = all
    .map((one) => textOf(one, 'apiId') ?? textOf(one, 'code'))
    .filter((code) => code !== undefined);
  return { kind: 'broker', detail: `${WORDS.broker} (${codes.at(-1) ?? 'no code'})` };
}

function kindOf(error: object): { kind: FailureKind; code: string } | undefined {
  const apiId = textOf(error, 'apiId');
  if (apiId !== undefined) {
    const kind = BY_PROTOCOL_CODE[apiId];
    return kind && { kind, code: apiId };
  }
  const code = textOf(error, 'code');
  if (code === undefined) return undefined;
  if (code === ADDRESS_REFUSED) return { kind: 'forbidden', code: textOf(error, 'message') ?? code };
  // The client reports these three only by their text.
  const message = textOf(error, 'message') ?? '';
  if (code === 'PLT_KFK_USER' && message.startsWith('Unknown topic '))
    return { kind: 'topic', code: 'UNKNOWN_TOPIC' };
  if (code === 'PLT_KFK_USER' && /\bTLS\b/.test(message)) return { kind: 'tls', code: 'TLS' };
  if (code === 'PLT_KFK_AUTHENTICATION') return { kind: 'authentication', code: 'SASL' };
  if (TLS_CODE.test(code)) return { kind: 'tls', code };
  if (code === NETWORK || /^E[A-Z]+$/.test(code)) return { kind: 'unreachable', code };
  return undefined;
}

/** The brokers that were not reached; they may be advertised ones, which no item names. */
function brokersIn(errors: readonly object[]): string {
  const brokers = [...new Set(errors.flatMap((error) => textOf(error, BROKER) ?? []))];
  if (brokers.length === 0) return '';
  const more = brokers.length > MOST_BROKERS ? ` and ${brokers.length - MOST_BROKERS} more` : '';
  return ` at ${brokers.slice(0, MOST_BROKERS).join(', ')}${more}`;
}

/** The error itself, its nested errors and its causes. */
function* nested(error: unknown, depth = 0): Generator<object> {
  if (typeof error !== 'object' || error === null || depth > 8) return;
  yield error;
  if ('errors' in error && Array.isArray(error.errors))
    for (const one of error.errors) yield* nested(one, depth + 1);
  if ('cause' in error) yield* nested(error.cause, depth + 1);
}

function textOf(error: object, property: string): string | undefined {
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' ? value : undefined;
}
