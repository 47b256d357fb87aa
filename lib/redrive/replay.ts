// Turns a dead letter into a delivery: attempt 1 again, with a replay id of its own, which is part of the claim and of the
// deduplication id. The replay id follows from the redrive and the letter, so repeating a redrive makes the same delivery.
import { hash } from 'node:crypto';
import type { Delivery } from '#lib/message/attribute.ts';
import { bySequence } from '#lib/message/sequence.ts';
import type { StoredLetter } from './found-letter.ts';

const short = (text: string, length: number): string => hash('sha256', text, 'base64url').slice(0, length);

const prefixOf = (redriveId: string): string => `redrive.${short(redriveId, 16)}.`;

/**
 * The replay id of a letter. A letter that was written twice has the same one. A message that was published twice under one
 * id became two deliveries, which differ by their sequence, and then two letters. The content makes sure that a letter of
 * another body, type or headers never counts as the same.
 */
export const replayIdOf = (
  redriveId: string,
  {
    carried: { subscription, messageId, replayId, topic, contentType, encoding, key, headers },
    sequence,
    body,
  }: Pick<StoredLetter, 'carried' | 'sequence' | 'body'>,
): string => {
  // DynamoDB keeps the fields of an object in no order.
  const sorted = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const content = [short(body, 22), topic ?? null, contentType, encoding ?? null, key ?? null, sorted];
  const letter = [subscription, messageId, replayId ?? null, sequence, content];
  return prefixOf(redriveId) + short(JSON.stringify(letter), 22);
};

/** Whether this redrive made the replay id. */
export const isOfRedrive = (replayId: string | undefined, redriveId: string): boolean =>
  replayId?.startsWith(prefixOf(redriveId)) === true;

/** The delivery that replays a letter. */
export function deliveryOf(letter: StoredLetter, redriveId: string): Delivery {
  const { carried } = letter;
  return {
    ...carried,
    attempt: 1,
    sends: 0,
    // Whoever redrives it has chosen it.
    direct: true,
    replayId: replayIdOf(redriveId, letter),
    rounds: (carried.rounds ?? 0) + 1,
    sequence: letter.sequence,
  };
}

/** Order of replay within one subscription: by `orderAt`, then by the sequence in the lane. */
export const inOrder = (a: StoredLetter, b: StoredLetter): number =>
  a.orderAt === b.orderAt ? bySequence(a.sequence, b.sequence) : a.orderAt - b.orderAt;
