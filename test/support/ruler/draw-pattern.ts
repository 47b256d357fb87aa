// Draws patterns, but none of which event-ruler is known to judge wrongly.
import { type Draw, EXACT, type Json, LITERALS, SOME_NAMES, text } from './draw.ts';

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
