// Takes out of a callback's answer what our request carried of credentials: some callbacks repeat a request that they
// refuse, and what they answer is kept, in dead letters, claims and held messages.
import type { CallbackRequest } from './request.ts';

export type Carried = {
  readonly url: string;
  readonly headers: CallbackRequest['headers'];
  /** The subscription's own headers: a fixed credential may be one of them. */
  readonly configured: readonly { readonly name: string; readonly value: string }[];
};

const REDACTED = '[redacted]';
/** Shorter ones are words that stand for nothing, unless their name says that they are credentials. */
const LEAST_CHARACTERS = 8;
const NAMES_NONE = /^(accept.*|content-.*|user-agent)$/i;
const NAMES_A_CREDENTIAL = /auth|cookie|credential|key|pass|secret|sign|token/i;

/** The text without any credential that the request carried, in whatever way it was escaped. */
export function withoutCredentials(text: string, carried: Carried): string {
  let result = text;
  // The longest first: one may be part of another.
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

/** `Basic …` may be repeated as it was, or decoded. */
function credentialsOfHeader(value: string): string[] {
  const [scheme = '', ...rest] = value.split(' ');
  const credentials = rest.join(' ');
  if (scheme.toLowerCase() !== 'basic') return [value, credentials];
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  return [value, credentials, decoded, decoded.slice(decoded.indexOf(':') + 1)];
}

/** As it is, in JSON, in JSON of PHP, in a URL, in HTML. */
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
