// Wildcards of filters: `*` stands for any text, also for none; `\*` and `\\` are the two characters themselves. A search
// takes time that grows with the text and not with the product of text and wildcard, so no text makes it slow.

export type Wildcard = (text: string) => boolean;

export type WildcardReading =
  | { readonly ok: true; readonly matches: Wildcard }
  | { readonly ok: false; readonly reason: string };

/** Parses a wildcard. Its reason says what is wrong with it, as a sentence without its subject. */
export function parseWildcard(source: string): WildcardReading {
  const pieces = [''];
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === '*') {
      if (source.charAt(at + 1) === '*') {
        return { ok: false, reason: 'has two * side by side: write one, which stands for any text' };
      }
      pieces.push('');
      continue;
    }
    let literal = character;
    if (character === '\\') {
      at += 1;
      literal = source.charAt(at);
      if (literal !== '*' && literal !== '\\') {
        return { ok: false, reason: 'has a \\ before another character: write \\* for * and \\\\ for \\' };
      }
    }
    pieces.push((pieces.pop() ?? '') + literal);
  }
  return { ok: true, matches: matcherOf(pieces) };
}

/** The first piece begins the text, the last one ends it, and the others follow each other between the two. */
function matcherOf(pieces: readonly string[]): Wildcard {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  const searches = rest.map(searchFor);
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const { piece, find } of searches) {
      const found = find(text, at);
      // The earliest place is the best one: it leaves most of the text to the pieces that follow.
      if (found === -1 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}

/** Up to this length, the engine's own search is faster and hardly slower in the worst case. */
const SHORT = 16;

type Search = { readonly piece: string; readonly find: (text: string, from: number) => number };

function searchFor(piece: string): Search {
  if (piece.length <= SHORT) return { piece, find: (text, from) => text.indexOf(piece, from) };
  const borders = bordersOf(piece);
  return { piece, find: (text, from) => search(text, from, piece, borders) };
}

/** For each beginning of the piece: the length of its longest proper beginning that is also its end (Knuth, Morris, Pratt). */
function bordersOf(piece: string): Uint16Array {
  const borders = new Uint16Array(piece.length);
  let length = 0;
  for (let at = 1; at < piece.length; at += 1) {
    while (length > 0 && piece[at] !== piece[length]) length = borders[length - 1] ?? 0;
    if (piece[at] === piece[length]) length += 1;
    borders[at] = length;
  }
  return borders;
}

function search(text: string, from: number, piece: string, borders: Uint16Array): number {
  let length = 0;
  for (let at = from; at < text.length; at += 1) {
    while (length > 0 && text[at] !== piece[length]) length = borders[length - 1] ?? 0;
    if (text[at] === piece[length]) length += 1;
    if (length === piece.length) return at - length + 1;
  }
  return -1;
}
