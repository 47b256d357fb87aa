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

/**
 * Returns the text without the request's credentials, however they were escaped. One pass over the text as it came: a
 * credential that occurs in the word that replaces it changes nothing. Overlapping credentials are removed together.
 */
export function withoutCredentials(text: string, carried: Carried): string {
  const spellings = [...new Set(credentialsIn(carried).flatMap(spellingsOf))];
  if (spellings.length === 0) return text;
  // How many credentials begin at an offset, less those that end there.
  const edges = new Int32Array(text.length + 1);
  for (const { content, offsets } of readingsOf(text)) {
    for (const spelling of spellings) {
      for (const at of occurrences(spelling, content)) {
        const start = offsets?.[at] ?? at;
        const end = offsets?.[at + spelling.length] ?? at + spelling.length;
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

/** Where the word begins in the text, overlaps included, in time linear in both (Knuth, Morris and Pratt). */
function* occurrences(word: string, text: string): Generator<number> {
  // borders[n]: the longest proper start of the word's first n characters that is also their end.
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
    if (matched === word.length) yield at + 1 - word.length;
  }
}

type TextReading = {
  readonly content: string;
  /** For each character of `content` and for its end, where it is in the text; undefined: at the same place. */
  readonly offsets?: readonly number[];
};

/** The text as it came, and with JSON's `\u003c` replaced by its character, as Go and .NET escape more than they must. */
function readingsOf(text: string): TextReading[] {
  if (!ESCAPE.test(text)) return [{ content: text }];
  const offsets: number[] = [];
  let content = '';
  for (let at = 0; at < text.length; ) {
    const [found] = ESCAPE_HERE.exec(text.slice(at, at + 6)) ?? [];
    offsets.push(at);
    content +=
      found === undefined ? text.charAt(at) : String.fromCharCode(Number.parseInt(found.slice(2), 16));
    at += found?.length ?? 1;
  }
  return [{ content: text }, { content, offsets: [...offsets, text.length] }];
}

const ESCAPE = /\\u[0-9a-f]{4}/i;
const ESCAPE_HERE = /^\\u[0-9a-f]{4}/i;

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
