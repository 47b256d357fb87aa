// Draws messages.
import { type Draw, type Json, LITERALS, NAMES, NUMBERS, SOME_NAMES, text } from './draw.ts';

/** A message body, or a part of one. */
function drawValue(draw: Draw, depth: number): Json {
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
function drawRows(draw: Draw): Json {
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
