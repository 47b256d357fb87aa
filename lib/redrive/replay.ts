// From a dead letter to a delivery on its way again: a new attempt 1 under a replay id of its own, which goes into the
// claim and into the deduplication id. The id follows from the redrive and the letter alone, so that the same redrive
// made twice makes the same delivery.
import { hash } from 'node:crypto';
import type { Delivery } from '#lib/message/attribute.ts';
import type { StoredLetter } from './letter.ts';

const short = (text: string, length: number): string => hash('sha256', text, 'base64url').slice(0, length);

const prefixOf = (redriveId: string): string => `redrive.${short(redriveId, 16)}.`;

/** A message id is an idempotency key: two letters of one message, not replayed in between, are one. */
export const replayIdOf = (
  redriveId: string,
  { subscription, messageId, replayId }: Pick<Delivery, 'subscription' | 'messageId' | 'replayId'>,
): string => prefixOf(redriveId) + short(JSON.stringify([subscription, messageId, replayId ?? null]), 22);

/** Whether a replay id was given by this redrive. */
export const isOfRedrive = (replayId: string | undefined, redriveId: string): boolean =>
  replayId?.startsWith(prefixOf(redriveId)) === true;

/** The delivery that replays a letter. */
export function deliveryOf({ carried }: StoredLetter, redriveId: string): Delivery {
  return {
    ...carried,
    attempt: 1,
    sends: 0,
    replayId: replayIdOf(redriveId, carried),
    rounds: (carried.rounds ?? 0) + 1,
  };
}

/** The order to replay in, within one subscription: by first attempt, then as they stood in their lane. */
export function inOrder(a: StoredLetter, b: StoredLetter): number {
  if (a.firstAt !== b.firstAt) return a.firstAt - b.firstAt;
  // Numbers of twenty digits and more, as text.
  if (a.sequence.length !== b.sequence.length) return a.sequence.length - b.sequence.length;
  return a.sequence < b.sequence ? -1 : Number(a.sequence > b.sequence);
}
