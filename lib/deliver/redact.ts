// Removes the request's credentials from a callback's answer: some callbacks repeat the request that they refuse, and
// dead letters, claims and held messages keep the start of the answer.
import type { CallbackRequest } from './request.ts';

export type Carried = {
  readonly url: string;
  readonly headers: CallbackRequest['headers'];
  /** The subscription's own headers: a fixed credential may be one of them. */
  readonly configured: readonly { readonly name: string; readonly value: string }[];
};

const REDACTED = '[redacted]';
/** Shorter header values are ordinary words, unless the header's name says that it is a credential. */
const LEAST_CHARACTERS = 8;
const NAMES_NONE = /^(accept.*|content-.*|user-agent)$/i;
const NAMES_A_CREDENTIAL = /auth|cookie|credential|key|pass|secret|sign|token/i;

/** Returns the text without the request's credentials, however they were escaped. */
export function withoutCredentials(text: string, carried: Carried): string {
  let result = text;
  // Longest first: one may be part of another.
  const spellings = credentialsIn(carried)
    .flatMap(spellingsOf)
    .sort((a, b) => b.length - a.length);
  for (const spelling of spellings) result = result.replaceAll(spelling, REDACTED);
  return result;
}

function credentialsIn({ url, headers, configured }: Carried): string[] {
  const { authorization, 'webhook-signature': signature = '' } = headers;
  const named = [
    ...configured.map(({ name, value }) => [name, value] as const),
    ...(URL.parse(url)?.searchParams ?? []),
  ];
  return [
    ...(authorization === undefined ? [] : credentialsOfHeader(authorization)),
    ...signature.split(' ').map((one) => one.slice(one.indexOf(',') + 1)),
    ...named
      .filter(([name]) => !NAMES_NONE.test(name))
      .filter(([name, value]) => value.length >= LEAST_CHARACTERS || NAMES_A_CREDENTIAL.test(name))
      .map(([, value]) => value),
  ].filter((credential) => credential !== '');
}

/** A `Basic` credential may be repeated as it was sent, or decoded. */
function credentialsOfHeader(value: string): string[] {
  const [scheme = '', ...rest] = value.split(' ');
  const credentials = rest.join(' ');
  if (scheme.toLowerCase() !== 'basic') return [value, credentials];
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  return [value, credentials, decoded, decoded.slice(decoded.indexOf(':') + 1)];
}

/** As sent, and as escaped by JSON, by PHP's JSON, in a URL and in HTML. */
function spellingsOf(credential: string): string[] {
  const json = JSON.stringify(credential).slice(1, -1);
  return [
    ...new Set([
      credential,
      json,
      json.replaceAll('/', '\\/'),
      encodeURIComponent(credential),
      credential
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;'),
    ]),
  ];
}
