// Letters of an SQS queue. Letters are invisible to others while they are held: a sent letter is deleted after its send is
// confirmed, all others become visible again. An empty receive does not mean an empty queue, because SQS asks only some of
// its servers; the queue counts as empty after several in a row.
import type { SQSClient } from '@aws-sdk/client-sqs';
import { createQueues } from '#lib/queue/queues.ts';
import type { WaitClock } from '#lib/queue/unprocessed.ts';
import { type LetterReading, memoryOf, readQueued } from './found-letter.ts';
import { createQueueReader, type ReceivedLetter } from './queue-reader.ts';
import type { Item, LetterPage, PageLimits, Source } from './source.ts';

export type SqsSourceDeps = {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
  readonly clock: WaitClock;
};

type Options = {
  /** When the call ends, epoch milliseconds. */
  readonly endsAt: number;
  /** A dry run reads only a part of a long queue, because everything it reads is invisible to others meanwhile. */
  readonly dryRun: boolean;
};

/**
 * The queue is regarded as empty after this many empty receives in a row, if SQS also counts 0 messages. Each receive is a
 * long poll, which asks all servers of SQS.
 */
const EMPTY_RECEIVES = 2;
/** The same limit of empty receives, for a queue in which SQS still counts messages that it does not return. */
const EMPTY_RECEIVES_MOST = 6;
const WAIT_SECONDS = 1;
const RECEIVERS = 5;
/** Between two calls of one cursor, unsent letters stay invisible; otherwise each call would read them again. */
const BETWEEN_CALLS_SECONDS = 120;
const RESERVE_SECONDS = 60;
/** SQS has 120,000 messages in flight at most. */
const HELD_MOST = 100_000;
const HELD_MOST_DRY = 10_000;

/** Opens a queue. Throws SourceUnreadable where it can't be read. */
export async function openQueue(
  { endsAt, dryRun }: Options,
  { sqs, queueUrl, clock }: SqsSourceDeps,
): Promise<Source<string>> {
  const { now } = clock;
  const isFifo = queueUrl.endsWith('.fifo');
  const reader = createQueueReader(queueUrl, sqs);
  const hasRedrivePolicy = await reader.hasRedrivePolicy();
  const heldMost = dryRun ? HELD_MOST_DRY : HELD_MOST;
  const notes = notesOf({ isFifo, hasRedrivePolicy });
  const queues = createQueues(sqs, { clock });
  /** The letters that this call keeps invisible, by receipt handle: they stay in the queue, or are wanted and not sent yet. */
  const held = new Map<string, 'stays' | 'wanted'>();
  /** Letters that were received and not looked at yet. SQS returns up to ten, and there may be limits for fewer. */
  const waiting: ReceivedLetter[] = [];
  let seen = 0;
  /** Receives in a row that found nothing. */
  let empties = 0;

  const receive = (waitSeconds: number) =>
    reader.receive({
      waitSeconds,
      hiddenSeconds: Math.ceil(Math.max(0, endsAt - now()) / 1000) + RESERVE_SECONDS,
    });

  /**
   * Receives several times at once. A receive that fails is ignored if another one found letters, which are hidden from
   * everybody else by now; otherwise it throws.
   */
  async function receiveInto(found: ReceivedLetter[], receivers: number, waitSeconds: number): Promise<void> {
    const before = found.length;
    const results = await Promise.allSettled(Array.from({ length: receivers }, () => receive(waitSeconds)));
    for (const result of results) if (result.status === 'fulfilled') found.push(...result.value);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined && found.length === before) throw failed.reason;
  }

  async function read(
    limits: PageLimits,
    wants: (reading: LetterReading) => boolean,
  ): Promise<LetterPage<string>> {
    const wanted: Item<string>[] = [];
    let bytes = 0;
    const isWithinLimits = () => wanted.length < limits.letters && bytes < limits.bytes;

    function look(): void {
      while (isWithinLimits()) {
        const message = waiting.shift();
        if (message === undefined) return;
        const { receiptHandle } = message;
        seen += 1;
        const reading = readQueued(message.body, message.attributes);
        const isWanted = wants(reading) && reading.ok;
        held.set(receiptHandle, isWanted ? 'wanted' : 'stays');
        if (!isWanted) continue;
        wanted.push({ found: reading.found, place: receiptHandle });
        bytes += memoryOf(reading.found);
      }
    }

    look();
    while (isWithinLimits() && now() < limits.until) {
      if (held.size >= heldMost) {
        notes.push(
          `Only ${seen} letters were looked at: what is looked at and stays is out of sight meanwhile.`,
        );
        return { wanted, ended: true };
      }
      // In a FIFO queue, SQS returns no later letter of a message group while an earlier one is invisible. So the wanted
      // letters are sent before more are read.
      const isHeldUp = isFifo && wanted.length > 0;
      const receivers = empties > 0 || isHeldUp ? 1 : RECEIVERS;
      const waitSeconds = isHeldUp ? 0 : WAIT_SECONDS;
      await receiveInto(waiting, receivers, waitSeconds);
      if (waiting.length > 0) empties = 0;
      else if (isHeldUp) break;
      else empties += 1;
      look();
      if (empties >= EMPTY_RECEIVES_MOST) return { wanted, ended: true };
      // SQS's count is approximate, and so is an empty receive. Both together end the reading.
      if (empties >= EMPTY_RECEIVES && (await reader.visible()) === 0) return { wanted, ended: true };
    }
    return { wanted, ended: false };
  }

  return {
    read,
    notes,
    async settle(items) {
      const confirmations = await queues.remove(
        queueUrl,
        items.map(({ place }) => place),
      );
      // These letters were sent. One that can't be deleted is not made visible early, so that it is not soon sent again.
      for (const { place } of items) held.delete(place);
      return confirmations.filter((code) => code !== undefined).length;
    },
    leave(items) {
      for (const { place } of items) held.set(place, 'stays');
    },
    async progress() {
      const unsent = [...held.values()].filter((fate) => fate === 'wanted').length;
      const more = await reader.visible().catch(() => 0);
      return { seen: seen - unsent, left: more + waiting.length + unsent };
    },
    partitions: () => undefined,
    async close({ more }) {
      for (const { receiptHandle } of waiting) held.set(receiptHandle, 'wanted');
      const entries = [...held].map(([receiptHandle, fate]) => ({
        receiptHandle,
        seconds: more && fate === 'stays' ? BETWEEN_CALLS_SECONDS : 0,
      }));
      // A letter that can't be given back becomes visible by itself when its visibility timeout ends.
      for (let start = 0; start < entries.length; start += 100) {
        const batches = Array.from({ length: 10 }, (_, index) =>
          entries.slice(start + index * 10, start + index * 10 + 10),
        );
        await Promise.all(batches.map((entries) => queues.hide(queueUrl, entries)));
      }
    },
  };
}

function notesOf({ isFifo, hasRedrivePolicy }: { isFifo: boolean; hasRedrivePolicy: boolean }): string[] {
  const notes: string[] = [];
  if (isFifo) {
    notes.push(
      'The queue is FIFO: what stays stands before what follows it in its message group, which can not be looked at.',
    );
  }
  if (hasRedrivePolicy) {
    notes.push(
      'The queue has a redrive policy of its own: every look at it, a dry run too, counts as a receive, and SQS moves away what was received too often.',
    );
  }
  return notes;
}
