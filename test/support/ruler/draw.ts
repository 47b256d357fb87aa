// Draws patterns and events that have much in common, so that about half of the pairs match. The same seed draws the same
// pairs.

export type Draw = {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  one<T>(of: readonly T[]): T;
  chance(of: number): boolean;
  /** The texts of one case. They are few, so that patterns and events often have the same text. */
  readonly texts: readonly string[];
};

/** Random numbers by a seed (mulberry32). */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
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
type Json = string;

// The names are few, so that patterns and events often have the same name. Some have dots, or characters that sort before
// the dot.
const NAMES = ['a', 'b', 'c', 'a.b', 'b.c', 'a-b', 'A', 'é', ''];
const SOME_NAMES = ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'a.b', 'b.c', 'a-b', 'A', 'é'];
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
const NUMBERS = [
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
const EXACT = NUMBERS.filter(
  (text) => Number.isFinite(Number(text)) && !/\d{17}|993|e-|e400|0000055/.test(text),
);
const LITERALS = ['true', 'false', 'null'];

const text = (value: string): Json => JSON.stringify(value);

/** A message body, or a part of one. */
export function drawValue(draw: Draw, depth: number): Json {
  const kind = draw.below(depth <= 0 ? 5 : 10);
  if (kind < 3) return text(draw.one(draw.texts));
  if (kind === 3) return draw.one(NUMBERS);
  if (kind === 4) return draw.one(LITERALS);
  const size = draw.below(4);
  if (kind < 8) return drawObject(draw, depth, size);
  return `[${Array.from({ length: size }, () => drawValue(draw, depth - 1)).join(',')}]`;
}

function drawObject(draw: Draw, depth: number, size: number): Json {
  // JavaScript keeps the last value of a name that is given twice; event-ruler matches both. So each is given once.
  const names = new Set(Array.from({ length: size }, () => draw.one(NAMES)));
  return `{${[...names].map((name) => `${text(name)}:${drawValue(draw, depth - 1)}`).join(',')}}`;
}

/** A list of objects with the same fields, for the rule that conditions hold in one entry. */
export function drawRows(draw: Draw): Json {
  const row = () => {
    const names = new Set(Array.from({ length: 1 + draw.below(3) }, () => draw.one(SOME_NAMES)));
    const value = () => (draw.chance(0.2) ? drawRowsOrText() : text(draw.one(['a', 'b', 'ab'])));
    return `{${[...names].map((name) => `${text(name)}:${value()}`).join(',')}}`;
  };
  const drawRowsOrText = (): Json =>
    `[${Array.from({ length: draw.below(3) }, () => (draw.chance(0.5) ? text(draw.one(['a', 'b'])) : row())).join(',')}]`;
  const list = (): Json => `[${Array.from({ length: 1 + draw.below(3) }, row).join(',')}]`;
  const kind = draw.below(4);
  if (kind === 0) return list();
  if (kind === 1) return `[${list()},${list()}]`;
  const names = new Set([draw.one(SOME_NAMES), draw.one(SOME_NAMES)]);
  return `{${[...names].map((name) => `${text(name)}:${list()}`).join(',')}}`;
}

function drawTexts(draw: Draw, make: () => string): Json {
  if (draw.chance(0.5)) return text(make());
  return `[${Array.from({ length: 1 + draw.below(3) }, () => text(make())).join(',')}]`;
}

const piece = (draw: Draw): string => {
  const whole = draw.one(draw.texts);
  const start = draw.below(whole.length + 1);
  const cut = whole.slice(start, start + 1 + draw.below(3));
  // event-ruler keeps the quotation marks of JSON around a text, so that a prefix with one may meet the last one.
  return (cut.isWellFormed() ? cut : whole).replaceAll('"', 'x');
};
/** Replaces characters beyond U+FFFF: when event-ruler ignores case, it reads half of the character as a question mark. */
const withoutAstral = (value: string): string => value.replace(/[\u{10000}-\u{10ffff}]/gu, 'x');
const wildcard = (draw: Draw): string => {
  const pieces = Array.from(
    { length: 1 + draw.below(4) },
    () => piece(draw).replace(/[\\*]/g, '\\$&') || 'a',
  );
  const joined = pieces.join('*');
  return `${draw.chance(0.3) ? '*' : ''}${joined}${draw.chance(0.3) ? '*' : ''}`;
};

function drawNumeric(draw: Draw): Json {
  if (draw.chance(0.6)) return `["${draw.one(['=', '<', '<=', '>', '>='])}",${draw.one(EXACT)}]`;
  const [low = '0', high = '1'] = [draw.one(EXACT), draw.one(EXACT)].toSorted(
    (a, b) => Number(a) - Number(b),
  );
  return `["${draw.one(['>', '>='])}",${low},"${draw.one(['<', '<='])}",${high}]`;
}

// event-ruler compares the digits of addresses as text. So its 0.0.0.0/0 accepts numbers and IPv6 addresses too. These CIDRs
// are not drawn.
const CIDRS = [
  '10.0.0.0/24',
  '10.0.0.77/8',
  '10.0.0.0/7',
  '192.168.0.0/16',
  '10.0.0.0/31',
  '2001:db8::/32',
  '2001:db8::/49',
  'fe80::/10',
  '10.0.0.1/32',
];

function drawAlternative(draw: Draw): Json {
  const nonEmpty = () => piece(draw) || 'a';
  switch (draw.below(18)) {
    case 0:
      return draw.one(EXACT);
    case 1:
      return draw.one(LITERALS);
    case 2:
      return `{"prefix":${text(piece(draw))}}`;
    case 3:
      return `{"suffix":${text(piece(draw))}}`;
    case 4:
      return `{"prefix":{"equals-ignore-case":${text(withoutAstral(nonEmpty()))}}}`;
    case 5:
      return `{"suffix":{"equals-ignore-case":${text(withoutAstral(nonEmpty()))}}}`;
    case 6:
      return `{"equals-ignore-case":${text(withoutAstral(draw.one(draw.texts)))}}`;
    case 7:
      return `{"anything-but":${drawTexts(draw, () => draw.one(draw.texts))}}`;
    case 8:
      return `{"anything-but":${draw.chance(0.5) ? draw.one(EXACT) : `[${draw.one(EXACT)},${draw.one(EXACT)}]`}}`;
    case 9:
      return `{"anything-but":{"${draw.one(['prefix', 'suffix'])}":${drawTexts(draw, nonEmpty)}}}`;
    case 10:
      return `{"anything-but":{"equals-ignore-case":${drawTexts(draw, () => withoutAstral(draw.one(draw.texts)))}}}`;
    case 11:
      return `{"anything-but":{"wildcard":${drawTexts(draw, () => wildcard(draw))}}}`;
    case 12:
      return `{"wildcard":${text(wildcard(draw))}}`;
    case 13:
      return `{"numeric":${drawNumeric(draw)}}`;
    case 14:
      return `{"exists":${draw.one(['true', 'false'])}}`;
    case 15:
      return `{"cidr":"${draw.one(CIDRS)}"}`;
    case 16:
      return `{"exactly":${text(draw.one(draw.texts))}}`;
    default:
      return text(draw.one(draw.texts));
  }
}

const drawList = (draw: Draw, alternative: (draw: Draw) => Json): Json =>
  `[${Array.from({ length: 1 + draw.below(draw.chance(0.7) ? 1 : 3) }, () => alternative(draw)).join(',')}]`;

/** Conditions on the lists of objects above. Most are exact values, so that it matters in which entry they hold. */
const rowAlternative = (draw: Draw): Json =>
  draw.chance(0.75)
    ? text(draw.one(['a', 'b', 'ab']))
    : draw.one(['{"exists":true}', '{"exists":false}', '{"anything-but":"a"}', '{"prefix":"a"}']);

function drawPatternObject(draw: Draw, depth: number, alternative: (draw: Draw) => Json): Json {
  const names = new Set(
    Array.from({ length: draw.chance(0.6) ? 1 : 1 + draw.below(3) }, () => draw.one(SOME_NAMES)),
  );
  const fields = [...names].map((name) => {
    const isNested = depth > 0 && draw.chance(0.25);
    const value = isNested ? drawPatternObject(draw, depth - 1, alternative) : drawList(draw, alternative);
    return `${text(name)}:${value}`;
  });
  if (draw.chance(0.15)) {
    const options = Array.from({ length: 2 + draw.below(2) }, () =>
      drawPatternObject(draw, depth - 1, alternative),
    );
    fields.push(`"$or":[${options.join(',')}]`);
  }
  return `{${fields.join(',')}}`;
}

// In one list of values, event-ruler mistakes some texts where a wildcard meets a comparison without case, and now and then
// where `exactly`, which AWS does not document, meets numbers: not drawn.
const isSound = (pattern: Json): boolean =>
  !(pattern.includes('"wildcard"') && pattern.includes('"equals-ignore-case"')) &&
  !(pattern.includes('"exactly"') && pattern.includes('"numeric"'));

/** A pattern for which both matchers must give the same verdicts. */
export function drawPattern(draw: Draw, kind: 'any' | 'rows'): Json {
  for (;;) {
    const pattern = drawAnyPattern(draw, kind);
    if (isSound(pattern)) return pattern;
  }
}

/** A pattern over the body, and sometimes over headers, topic and key. */
function drawAnyPattern(draw: Draw, kind: 'any' | 'rows'): Json {
  const alternative = kind === 'rows' ? rowAlternative : drawAlternative;
  const fields: string[] = [];
  const isScalar = kind === 'any' && draw.chance(0.15);
  fields.push(`"body":${isScalar ? drawList(draw, alternative) : drawPatternObject(draw, 2, alternative)}`);
  if (draw.chance(0.15)) fields.push(`"headers":{"x-kind":${drawList(draw, drawAlternative)}}`);
  if (draw.chance(0.15)) fields.push(`"topic":${drawList(draw, drawAlternative)}`);
  if (draw.chance(0.1)) fields.push(`"key":${drawList(draw, drawAlternative)}`);
  if (draw.chance(0.1)) {
    fields.push(
      `"$or":[{"topic":${drawList(draw, drawAlternative)}},{"key":${drawList(draw, drawAlternative)}}]`,
    );
  }
  return `{${fields.join(',')}}`;
}

export type Drawn = {
  readonly body: Json;
  readonly headers: Readonly<Record<string, string>>;
  readonly topic: string;
  readonly key: string | undefined;
};

/** A message. Its content type is among its headers. */
export function drawMessage(draw: Draw, kind: 'any' | 'rows'): Drawn {
  return {
    body: kind === 'rows' ? drawRows(draw) : draw.chance(0.8) ? drawObject(draw, 3, 7) : drawValue(draw, 3),
    headers: draw.chance(0.5) ? { 'x-kind': draw.one(draw.texts) } : {},
    topic: draw.one(['order.created', 'order.paid', 'a', 'ab']),
    key: draw.chance(0.5) ? draw.one(draw.texts) : undefined,
  };
}
