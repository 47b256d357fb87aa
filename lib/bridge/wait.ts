// What an endpoint can't take now goes back onto `dead-letters` with a delay: a delayed message is not in flight, so that
// a hundred thousand of them fill no quota, and hold up no letter of another endpoint. Not for ever: see `overdue`.
import { type DeadLetter, encodeAttribute } from '#lib/message/attribute.ts';
import { delaySecondsUntil } from '#lib/queue/delay.ts';
import type { Confirmations, Outgoing, Queues } from '#lib/queue/queues.ts';
import type { BridgedLetter, WaitReason } from './letter.ts';

export type WaitDeps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly deadLettersQueueUrl: string;
  readonly retentionMs: number;
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
};

const FIRST_DELAY_MS = 5_000;
/** Most letters then wait a quarter of an hour, the longest that SQS delays: a hundred times are most of a day. */
const HOPS_FOR_WHAT_IS_MISSING = 100;

/** Puts letters back, not before `notBefore`. Answers of each whether SQS has confirmed it. */
export function putToWait(
  letters: readonly BridgedLetter[],
  notBefore: number,
  { queues, deadLettersQueueUrl, ...deps }: WaitDeps,
): Promise<Confirmations> {
  return queues.send(
    deadLettersQueueUrl,
    letters.map((one) => waiting(one, notBefore, deps)),
  );
}

function waiting(
  { record, letter }: BridgedLetter,
  notBefore: number,
  { now, random }: Pick<WaitDeps, 'now' | 'random'>,
): Outgoing {
  const { hops = 0 } = letter;
  // What was sent to wait together does not come back together.
  const growing = FIRST_DELAY_MS * 2 ** Math.min(hops, 20) * (0.5 + random() / 2);
  const value: DeadLetter = { ...letter, hops: hops + 1, waitsSince: waitsSince({ record, letter }) };
  return {
    body: record.body,
    attribute: encodeAttribute({ kind: 'dead-letter', value }),
    delaySeconds: delaySecondsUntil(Math.max(now() + growing, notBefore), now()),
  };
}

/** Putting it back makes a new message of it: SQS's own age says nothing. */
const waitsSince = ({ record, letter }: BridgedLetter): number =>
  letter.waitsSince ?? Number(record.attributes.SentTimestamp);

/** True for a letter that has waited long enough: its endpoint is not coming back. */
export function overdue(
  one: BridgedLetter,
  reason: WaitReason,
  { retentionMs, now }: Pick<WaitDeps, 'retentionMs' | 'now'>,
): boolean {
  if (reason === 'missing' && (one.letter.hops ?? 0) >= HOPS_FOR_WHAT_IS_MISSING) return true;
  return now() - waitsSince(one) >= retentionMs;
}
