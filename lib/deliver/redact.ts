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
 * Steps of the search in all texts of one attempt, at most: each compares one character with one credential, or decodes one. A
 * subscription may have hundreds of credentials, and a text may have escapes of every kind. More steps than this would delay
 * other subscriptions.
 */
const MOST_STEPS = 2_000_000;
/** What it takes to decode a character, in steps. */
const STEPS_TO_DECODE = 2;

/** How many steps the search in the texts of an attempt has left. */
export type SearchSteps = { left: number };
/** The steps of one attempt, none of them used. */
export const searchSteps = (): SearchSteps => ({ left: MOST_STEPS });

/**
 * Makes the function that returns a text without the request's credentials, however they were escaped. One pass over the text
 * as it came: a credential that occurs in the word that replaces it changes nothing. Overlapping credentials are removed
 * together. A text whose search would take more than the steps that are left is replaced as a whole.
 */
export function createRedaction(carried: Carried, steps = searchSteps()): (text: string) => string {
  const words = [...new Set(credentialsIn(carried))].map(wordOf);
  return (text) => (words.length === 0 ? text : redacted(text, words, steps));
}

function redacted(text: string, words: readonly Word[], steps: SearchSteps): string {
  // How many credentials begin at an offset, less those that end there.
  const edges = new Int32Array(text.length + 1);
  for (const { content, offsets } of readingsOf(text)) {
    const needed = content.length * (words.length + (offsets === undefined ? 0 : STEPS_TO_DECODE));
    if (needed > steps.left) return REDACTED;
    steps.left -= needed;
    for (const word of words) {
      for (const [from, to] of occurrences(word, content)) {
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
 * A word with the failure table of Knuth, Morris and Pratt. borders[n]: how many characters, fewer than n, both begin and
 * end the word's first n characters.
 */
type Word = { readonly text: string; readonly borders: Int32Array };

function wordOf(text: string): Word {
  const borders = new Int32Array(text.length + 1);
  borders[0] = -1;
  const word = { text, borders };
  for (let at = 0; at < text.length; at++)
    borders[at + 1] = matchedAfter(word, borders[at] ?? -1, text.charCodeAt(at));
  return word;
}

/** How many of the word's first characters are matched, when one more character follows those that were. */
function matchedAfter({ text, borders }: Word, before: number, character: number): number {
  let matched = before;
  while (matched >= 0 && text.charCodeAt(matched) !== character) matched = borders[matched] ?? -1;
  return matched + 1;
}

const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d];

/**
 * Where the word begins and ends in the text, overlaps included, in time linear in both. Where the text or a line of it ends
 * within the word, the part before counts too, from eight characters on: somebody has cut the text there.
 */
function* occurrences(word: Word, text: string): Generator<readonly [from: number, to: number]> {
  const { length } = word.text;
  let matched = 0;
  for (let at = text.indexOf(word.text.charAt(0)); at !== -1 && at < text.length; at++) {
    const character = text.charCodeAt(at);
    const endsLine = character === LINE_FEED || character === CARRIAGE_RETURN;
    if (endsLine && matched >= LEAST_CHARACTERS) yield [at - matched, at];
    matched = matchedAfter(word, matched, character);
    if (matched === length) yield [at + 1 - length, at + 1];
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
