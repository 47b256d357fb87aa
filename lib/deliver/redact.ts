// Removes the request's credentials from a callback's answer: some callbacks repeat the request that they refuse, and
// dead letters, claims and held messages keep the start of the answer.
import type { CallbackRequest } from './request.ts';
import { readingsOf } from './text-readings.ts';

export type Carried = {
  readonly url: string;
  readonly headers: CallbackRequest['headers'];
  /** The subscription's own headers: a fixed credential may be one of them. */
  readonly configured: readonly { readonly name: string; readonly value: string }[];
};

export const REDACTED = '[redacted]';
/** Shorter header values are ordinary words, unless the header's name says that it is a credential. */
const LEAST_CHARACTERS = 8;
const NAMES_NONE = /^(accept.*|content-.*|user-agent)$/i;
const NAMES_A_CREDENTIAL = /auth|cookie|credential|key|pass|secret|sign|token/i;

/** Whether a header of this name carries a credential. */
export const isCredentialName = (name: string): boolean =>
  !NAMES_NONE.test(name) && NAMES_A_CREDENTIAL.test(name);

/**
 * Returns the text without the request's credentials, however they were escaped. One pass over the text as it came: a
 * credential that occurs in the word that replaces it changes nothing. Overlapping credentials are removed together.
 */
export function withoutCredentials(text: string, carried: Carried): string {
  const credentials = new Set(credentialsIn(carried));
  if (credentials.size === 0) return text;
  // How many credentials begin at an offset, less those that end there.
  const edges = new Int32Array(text.length + 1);
  for (const { content, offsets } of readingsOf(text)) {
    for (const credential of credentials) {
      for (const [from, to] of occurrences(credential, content)) {
        const start = offsets?.[from] ?? from;
        const end = offsets?.[to] ?? to;
        edges[start] = (edges[start] ?? 0) + 1;
        edges[end] = (edges[end] ?? 0) - 1;
      }
    }
  }
  let result = '';
  let open = 0;
  let shownFrom = 0;
  for (let at = 0; at <= text.length; at++) {
    const before = open;
    open += edges[at] ?? 0;
    if (before === 0 && open > 0) result += `${text.slice(shownFrom, at)}${REDACTED}`;
    if (before > 0 && open === 0) shownFrom = at;
  }
  return result + text.slice(shownFrom);
}

/**
 * Where the word begins and ends in the text, overlaps included, in time linear in both (Knuth, Morris and Pratt). The
 * beginning of a word that ends with the text is one too: somebody has cut the text.
 */
function* occurrences(word: string, text: string): Generator<readonly [from: number, to: number]> {
  // The failure table. borders[n]: how many characters, fewer than n, both begin and end the word's first n characters.
  const borders = new Int32Array(word.length + 1);
  borders[0] = -1;
  const after = (length: number, character: string): number => {
    let matched = length;
    while (matched >= 0 && word[matched] !== character) matched = borders[matched] ?? -1;
    return matched + 1;
  };
  for (let at = 0; at < word.length; at++) borders[at + 1] = after(borders[at] ?? -1, word.charAt(at));
  let matched = 0;
  for (let at = text.indexOf(word.charAt(0)); at !== -1 && at < text.length; at++) {
    matched = after(matched, text.charAt(at));
    if (matched === word.length) yield [at + 1 - word.length, at + 1];
  }
  if (matched >= LEAST_CHARACTERS) yield [text.length - matched, text.length];
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
      .filter(([name, value]) => value.length >= LEAST_CHARACTERS || isCredentialName(name))
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
