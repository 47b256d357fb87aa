// The header `webhook-id` of a message. A signed request encodes the id, and a receiver knows this form only: a person may
// name a message by it.

/**
 * The id as a signed request carries it. A signature is over `id.timestamp.body`, and libraries do not check where an id
 * ends: with a dot in it, the same signature would be right for a shorter id and another timestamp. `%` is encoded too, so
 * that decodeURIComponent gives each id back.
 */
export const withoutDots = (id: string): string => id.replaceAll('%', '%25').replaceAll('.', '%2E');

/** A text by which a person names a message: in a signed request each dot and % of its id takes three characters. */
export const NAMED_ID = /^[\x21-\x7e]{1,384}$/;

/** The ids that a person may mean, the more likely one first: the text as it is, or decoded. */
export function idsToFind(named: string): readonly [string, ...string[]] {
  const decoded = decodedId(named);
  return decoded === named ? [named] : [named, decoded];
}

/** Undoes `withoutDots`; another text stays as it is. */
const decodedId = (named: string): string =>
  /^(?:[^%.]|%25|%2E)*$/.test(named) ? named.replaceAll('%2E', '.').replaceAll('%25', '%') : named;
