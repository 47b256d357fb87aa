// What patterns and messages are drawn from: random numbers, and texts, names and numbers that both have. So about half of the
// pairs match. The same seed draws the same pairs.
import { createRandom } from '#test/support/agenda.ts';

export type Draw = {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  one<T>(of: readonly T[]): T;
  chance(of: number): boolean;
  /** The texts of one case. They are few, so that patterns and events often have the same text. */
  readonly texts: readonly string[];
};

/** Draws by a seed. */
export function drawFrom(seed: number): Draw {
  const next = createRandom(seed);
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    one(of) {
      const [first] = of;
      if (first === undefined) throw new RangeError('nothing to draw from');
      return of[below(of.length)] ?? first;
    },
    chance: (of) => next() < of,
    texts: TEXTS,
  };
}

/** Returns a draw for one case, with the same random numbers and a few of the texts. */
export const withFewTexts = (draw: Draw): Draw => ({
  ...draw,
  texts: Array.from({ length: 5 }, () => draw.one(TEXTS)),
});

/** JSON text: numbers are written as they are here, which JSON.stringify would not do. */
export type Json = string;

// The names are few, so that patterns and events often have the same name. Some have dots, or characters that sort before
// the dot.
export const NAMES = ['a', 'b', 'c', 'a.b', 'b.c', 'a-b', 'A', 'é', ''];
export const SOME_NAMES = ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'a.b', 'b.c', 'a-b', 'A', 'é'];
const TEXTS = [
  ...[
    '',
    'a',
    'b',
    'ab',
    'ba',
    'aba',
    'abab',
    'abc',
    'ABC',
    'Abc',
    'aBABa',
    'a*b',
    'a\\b',
    'a"b',
    'aaaaaaaaaaaab',
  ],
  ...[
    'straße',
    'STRASSE',
    'Straße',
    'ÄÖ',
    'äö',
    'Σς',
    'ŉ',
    'ʼN',
    'İ',
    'ǆ',
    'Ǆ',
    'ǅ',
    'ⱥ',
    'Ⱥ',
    '大雨',
    '😀',
    'a😀b',
  ],
  ...['10.0.0.1', '10.0.0.77', '10.1.2.3', '192.168.1.1', '10.0.0', '10.0.0.256'],
  ...[
    '2001:db8::1',
    '2001:0db8:0:0::1',
    '2001:DB8::1',
    '2001:db8:1::',
    '::1',
    '::',
    'fe80::1',
    '::ffff:a00:1',
    'a:b',
    ':',
  ],
  ...['1', '5', 'true', 'null', 'order.created', 'order.paid'],
];
export const NUMBERS = [
  ...[
    '0',
    '-0',
    '1',
    '-1',
    '5',
    '5.0',
    '50e-1',
    '0.5E1',
    '3',
    '2.5',
    '-2.5',
    '1e2',
    '100',
    '99.99',
    '1e300',
    '-1e300',
  ],
  ...[
    '123456789012345',
    '1234567890123456',
    '9007199254740993',
    '9007199254740992',
    '12345678901234567890',
    '0.1',
  ],
  ...['0.10', '0.1000000000000000055', '1e400', '1e-400', '0.30000000000000004', '299.9999999999999999999'],
];
/** The numbers that a double can hold exactly: a number in an item is a double. */
export const EXACT = NUMBERS.filter(
  (text) => Number.isFinite(Number(text)) && !/\d{17}|993|e-|e400|0000055/.test(text),
);
export const LITERALS = ['true', 'false', 'null'];

export const text = (value: string): Json => JSON.stringify(value);
