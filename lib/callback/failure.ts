// Codes for exchanges without an answer: closed lists, chosen by an error's code and never by its text. The delivery decides
// what follows from them.

import { CONNECT_TIMEOUT, HANDSHAKE_TOO_LARGE } from './connector.ts';
import { ADDRESS_REFUSED } from './guard.ts';
import { ANSWER } from './head-reader.ts';
import { LOOKUP_FAILED } from './query.ts';
import { PROXY } from './tunnel.ts';
import { DEADLINE } from './undici-adapter.ts';

/** Nothing was written. */
export const UNSENT_CODES = [
  'url-refused',
  'address-refused',
  'invalid-request',
  'no-such-name',
  'lookup-failed',
  'connection-refused',
  'connection-failed',
  'connect-timeout',
  'tls-failed',
  'proxy-address-refused',
  'proxy-unreachable',
  'proxy-refused',
  'timeout',
  'client-closed',
] as const;
export type UnsentCode = (typeof UNSENT_CODES)[number];

/** Bytes may have been written, and no complete answer came. */
export const UNKNOWN_CODES = [
  'timeout',
  'reset',
  'closed',
  'malformed-answer',
  'headers-too-large',
  'too-many-interim-answers',
  'framing-too-large',
  'tls-failed',
  'other',
] as const;
export type UnknownCode = (typeof UNKNOWN_CODES)[number];

const WORDS: Record<UnsentCode | UnknownCode, string> = {
  'url-refused': 'the URL may not be called',
  'address-refused': 'the address may not be called',
  'invalid-request': 'the request can not be written as HTTP/1.1',
  'no-such-name': 'the host name has no address',
  'lookup-failed': 'the host name could not be looked up',
  'connection-refused': 'the connection was refused',
  'connection-failed': 'no connection could be made',
  'connect-timeout': 'no connection within the connect timeout',
  'tls-failed': 'TLS failed',
  'proxy-address-refused': "the proxy's address may not be called",
  'proxy-unreachable': 'no connection could be made to the proxy',
  'proxy-refused': 'the proxy would not connect',
  timeout: 'no full answer within the timeout',
  'client-closed': 'the client is closed',
  reset: 'the connection was reset',
  closed: 'the connection was closed before a full answer',
  'malformed-answer': 'the answer is not valid HTTP/1.1',
  'headers-too-large': 'the answer has more than 64 KiB, or 1,000 lines, before its body',
  'too-many-interim-answers': 'more than ten interim answers (1xx) came before the answer',
  'framing-too-large': 'the answer has more than 64 KiB around its body',
  other: 'the exchange failed',
};

const UNSENT: ReadonlyMap<string, UnsentCode> = new Map([
  [ADDRESS_REFUSED, 'address-refused'],
  [CONNECT_TIMEOUT, 'connect-timeout'],
  ['ETIMEDOUT', 'connect-timeout'],
  [HANDSHAKE_TOO_LARGE, 'tls-failed'],
  [DEADLINE, 'timeout'],
  ['ENOTFOUND', 'no-such-name'],
  ['ENODATA', 'no-such-name'],
  ['ECONNREFUSED', 'connection-refused'],
  ['UND_ERR_INVALID_ARG', 'invalid-request'],
  ['UND_ERR_NOT_SUPPORTED', 'invalid-request'],
  ['UND_ERR_DESTROYED', 'client-closed'],
  ['UND_ERR_CLOSED', 'client-closed'],
]);

const UNKNOWN: ReadonlyMap<string, UnknownCode> = new Map([
  [DEADLINE, 'timeout'],
  ['ETIMEDOUT', 'timeout'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['UND_ERR_SOCKET', 'closed'],
  [ANSWER.malformed, 'malformed-answer'],
  [ANSWER.switched, 'malformed-answer'],
  [ANSWER.headers, 'headers-too-large'],
  [ANSWER.interim, 'too-many-interim-answers'],
  [ANSWER.framing, 'framing-too-large'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'closed'],
  ['UND_ERR_HEADERS_OVERFLOW', 'headers-too-large'],
]);

// OpenSSL's and Node's codes for certificates and handshakes that fail. UNSPECIFIED: OpenSSL's security level refuses the
// certificate, such as one with a short key or a weak digest.
const TLS =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|SELF_SIGNED_|DEPTH_ZERO_|PATH_LENGTH_|INVALID_(CA|PURPOSE)$|HOSTNAME_MISMATCH$|UNSPECIFIED$|EPROTO$)/;

/** The documented code of an error before the request was written. `cause`: a code of Node, undici or lib/callback. */
export function unsentCode(cause: string): UnsentCode {
  const known = UNSENT.get(cause);
  if (known !== undefined) return known;
  if (TLS.test(cause)) return 'tls-failed';
  // These codes are followed by a detail: a status, or a code of the system.
  if (cause.startsWith(PROXY.address)) return 'proxy-address-refused';
  if (cause.startsWith(PROXY.unreachable)) return 'proxy-unreachable';
  if (cause.startsWith(PROXY.refused)) return 'proxy-refused';
  return cause.startsWith('EAI_') || cause.startsWith(LOOKUP_FAILED) ? 'lookup-failed' : 'connection-failed';
}

/** The documented code of an error after bytes were written; `cause` is the code of Node or undici. */
export function unknownCode(cause: string): UnknownCode {
  const known = UNKNOWN.get(cause);
  if (known !== undefined) return known;
  return TLS.test(cause) ? 'tls-failed' : 'other';
}

/** A sentence with the system's code and the origin; never with the URL's user, path or query. */
export function failureMessage(
  code: UnsentCode | UnknownCode,
  about: { cause?: string; origin?: string },
): string {
  const detail = [about.cause, about.origin].filter((part) => part !== undefined && part !== '').join(', ');
  return detail === '' ? WORDS[code] : `${WORDS[code]} (${detail})`;
}
