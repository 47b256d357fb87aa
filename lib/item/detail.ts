// Keeps a sentence short enough to be stored. A pause keeps its reason in the state, and the state has to be written however
// many faults an item, a secret or an answer has.

export const LONGEST_DETAIL_BYTES = 1_024;

const END = '…';

/** Cuts a sentence to at most 1 KB of UTF-8. A sentence that was cut ends with an ellipsis. */
export function detailOf(sentence: string): string {
  if (fitsDetail(sentence)) return sentence;
  const room = LONGEST_DETAIL_BYTES - Buffer.byteLength(END);
  const bytes = Buffer.from(sentence.slice(0, LONGEST_DETAIL_BYTES)).subarray(0, room);
  // The character that was cut through is decoded as U+FFFD.
  return `${bytes.toString('utf8').replace(/\uFFFD+$/, '')}${END}`;
}

/** Whether a sentence has at most 1 KB of UTF-8. */
export const fitsDetail = (sentence: string): boolean =>
  sentence.length <= LONGEST_DETAIL_BYTES && Buffer.byteLength(sentence) <= LONGEST_DETAIL_BYTES;
