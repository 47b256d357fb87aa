// SQS's sequence numbers of a message group. They have up to 39 digits, so they are compared as text.

/** Order of two sequence numbers. The empty text comes first. */
export function bySequence(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : Number(one > other);
}
