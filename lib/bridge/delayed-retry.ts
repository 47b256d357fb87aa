// Letters for an endpoint that is down go back onto `dead-letters` with a delay. A delayed message is not in flight, so a
// hundred thousand of them use no quota and delay no letter of another endpoint. `overdue` ends this.
import { type DeadLetter, encodeAttribute } from '#lib/message/attribute.ts';
import { delaySecondsUntil } from '#lib/queue/delay.ts';
import type { Confirmations, Outgoing, Queues } from '#lib/queue/queues.ts';
import type { BridgedLetter, WaitReason } from './bridged-letter.ts';

export type WaitDeps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly deadLettersQueueUrl: string;
  readonly retentionMs: number;
  readonly now: () => number;
  /** A random number from 0 up to 1. */
  readonly random: () => number;
};

const FIRST_DELAY_MS = 5_000;
/** Rounds after which letters for a missing topic or queue are overdue. Most rounds last a quarter of an hour. */
const HOPS_FOR_WHAT_IS_MISSING = 100;

/** Puts letters back, not before `notBefore`. Returns for each whether SQS confirmed it. */
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
  // Jitter: letters that were put back together should not return together.
  const growing = FIRST_DELAY_MS * 2 ** Math.min(hops, 20) * (0.5 + random() / 2);
  const value: DeadLetter = { ...letter, hops: hops + 1, waitsSince: waitsSince({ record, letter }) };
  return {
    body: record.body,
    attribute: encodeAttribute({ kind: 'dead-letter', value }),
    delaySeconds: delaySecondsUntil(Math.max(now() + growing, notBefore), now()),
  };
}

/** Putting a letter back makes a new message, so SQS's own age is useless. */
const waitsSince = ({ record, letter }: BridgedLetter): number =>
  letter.waitsSince ?? Number(record.attributes.SentTimestamp);

/** Whether the letter has waited for its endpoint as long as the deployment allows. */
export function overdue(
  one: BridgedLetter,
  reason: WaitReason,
  { retentionMs, now }: Pick<WaitDeps, 'retentionMs' | 'now'>,
): boolean {
  if (reason === 'missing' && (one.letter.hops ?? 0) >= HOPS_FOR_WHAT_IS_MISSING) return true;
  return now() - waitsSince(one) >= retentionMs;
}
