// Which known key somebody meant who mistyped one.

const LONGEST = 40;

/** The known key that is closest to `key`, if one is close: two slips at most, and one in a short key. */
export function closest(key: string, known: readonly string[]): string | undefined {
  if (key.length > LONGEST) return undefined;
  let best: string | undefined;
  let fewest = key.length < 5 ? 2 : 3;
  for (const candidate of known) {
    const slips = distance(plain(key), plain(candidate));
    if (slips < fewest) {
      fewest = slips;
      best = candidate;
    }
  }
  return best;
}

// connect_timeout, Connect-Timeout and connectTimeout are one word to a person.
const plain = (key: string): string => key.toLowerCase().replace(/[^a-z0-9]/g, '');

// Levenshtein's, row by row.
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
