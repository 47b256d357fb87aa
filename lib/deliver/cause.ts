// The causes of an attempt without a status, and what to do about each. Dead letters, held messages, pauses and log lines
// carry the code; OPERATORS.md lists the codes with these sentences.
import { UNKNOWN_CODES, UNSENT_CODES, type UnknownCode, type UnsentCode } from '#lib/callback/failure.ts';
import { CREDENTIAL_CODES, type CredentialCode } from '#lib/credentials/failure.ts';
import type { Outcome } from './outcome.ts';

export type CauseCode = UnsentCode | UnknownCode | CredentialCode | 'lost';

const SECRET = 'Put the secret that the item names, with the content that its block needs.';
const SECRETS_MANAGER =
  'AWS Secrets Manager did not answer. This ends by itself; if not, look at the AWS health page.';
const TOKEN = 'Ask the people who run the token endpoint.';
const PROXY = "Check the item's proxy, and ask the people who run it.";
const OWN_END = 'It ends by itself. If it comes again and again, report it as a defect.';
const LIMIT =
  'The receiver, or something before it, sends too much around its answer: ask the people who run it.';

/** Advice on each cause, in one or two sentences. */
export const CAUSES: Readonly<Record<CauseCode, string>> = {
  'url-refused':
    'Correct the callbackUrl. The deployment parameters allowHttp and allowedCidrs say which URLs may be called.',
  'address-refused':
    'The host name leads to an address that may not be called: correct its DNS records, or allow the range with allowedCidrs.',
  'invalid-request': "A header can't be sent: correct the headers of the item.",
  'no-such-name': 'The host name has no address: check its spelling and its DNS records.',
  'lookup-failed':
    "The DNS servers of the host name don't answer: check its DNS records, and ask the people who run its zone.",
  'connection-refused': 'No server listens on this port: check the port, and whether the receiver runs.',
  'connection-failed':
    'The host can not be reached, or it closed the connection before TLS was ready: check its network and firewall.',
  'connect-timeout':
    'The host does not answer: check its firewall and address. A distant host may need a longer connectTimeout.',
  'tls-failed':
    'The certificate is not accepted, or TLS failed: check its names, its expiry and its chain. The item names a private authority in ssl.trustStore.',
  'proxy-address-refused':
    "The proxy's address may not be called: correct the item's proxy, or allow the range with allowedCidrs.",
  'proxy-unreachable': PROXY,
  'proxy-refused': `The proxy would not connect. ${PROXY}`,
  timeout:
    'No status came within readTimeout: ask the people who run the receiver to answer first and process later, or raise readTimeout.',
  'client-closed': OWN_END,
  reset: 'The receiver, or a load balancer before it, reset the connection: look at its logs.',
  closed:
    'The receiver, or a load balancer before it, closed the connection without an answer: look at its logs.',
  'malformed-answer':
    'The answer is not HTTP/1.1: check that the port speaks HTTP, and what stands before the receiver.',
  'headers-too-large': LIMIT,
  'too-many-interim-answers': LIMIT,
  'framing-too-large': LIMIT,
  other: OWN_END,
  'secret-missing': SECRET,
  'secret-denied':
    'The functions may not read the secret: its name must begin with secretsPrefix or be in sharedSecretPrefixes, and its key must allow decryption.',
  'secret-throttled': SECRETS_MANAGER,
  'secret-unavailable': SECRETS_MANAGER,
  'secret-invalid': SECRET,
  'trust-store-invalid': "Put a valid trust store into the item's ssl, or into the secret that it names.",
  'key-store-invalid':
    "Put a valid key store with its password into the item's ssl, or into the secret that it names.",
  'credentials-invalid':
    "The credentials can't be used to ask for a token: correct the key or the endpoint in the block or its secret.",
  'token-refused': 'The token endpoint refuses the client: check its id, its secret and its scopes.',
  'token-failed': TOKEN,
  'token-unreachable': `The token endpoint can not be reached. ${TOKEN}`,
  'token-malformed': 'The answer has no bearer token: check the URL of the token endpoint.',
  lost: 'The function ended during the attempt. Ask the receiver whether it has the message.',
};

/** All codes, in the order of the table in OPERATORS.md. */
export const CAUSE_CODES: readonly CauseCode[] = [
  ...new Set<CauseCode>([...UNSENT_CODES, ...UNKNOWN_CODES, ...CREDENTIAL_CODES, 'lost']),
];

/** Returns advice on an attempt that did not deliver, in one or two sentences. */
export function adviceOn(outcome: Exclude<Outcome, { kind: 'delivered' }>): string {
  switch (outcome.kind) {
    case 'failed':
      return 'The callback answered with an error of its own: ask the people who run it.';
    case 'rejected':
      return adviceOnStatus(outcome.status);
    case 'unsent':
    case 'unknown':
      // An older or newer version may have written another code.
      return Object.entries(CAUSES).find(([code]) => code === outcome.code)?.[1] ?? outcome.message;
    default:
      return outcome satisfies never;
  }
}

function adviceOnStatus(status: number): string {
  if (status === 401 || status === 403) return 'Check the credentials and the signing keys.';
  if (status < 400) return 'Redirects are not followed: register the final address as callbackUrl.';
  if (status === 404 || status === 405 || status === 410) return 'Check the path of the callbackUrl.';
  if (status === 408 || status === 425 || status === 429)
    return 'The callback asks to be called later or less often: name the status in retry.statuses, or lower maxConcurrentConnections.';
  return 'The callback refused the call: check the body, its content type and the headers that it expects.';
}
