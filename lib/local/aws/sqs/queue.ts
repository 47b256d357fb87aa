// One queue: its messages, receipts and attributes in one place, and what is done to all of it at once.
// Which calls there are, and their words on the wire, is in the operations' files.
import { randomUUID } from 'node:crypto';
import type { Clock } from '#lib/local/aws/clock.ts';
import { mergeAttributes, type RawAttributes, readSettings } from './attributes.ts';
import type { Draft } from './message.ts';
import { createReceipts, type Receipts } from './receipt.ts';
import { createReceiving, type Received, type ReceiveRequest } from './receiving.ts';
import { Refusal } from './refusal.ts';
import { createSending, type SentMessage } from './sending.ts';
import { createStore } from './store.ts';
import type { Switches } from './switches.ts';
import { createWaiters } from './waiters.ts';

export type QueueCounts = { readonly visible: number; readonly inFlight: number; readonly delayed: number };

/** What in-process code can see of a queue. */
export type QueueView = {
  readonly name: string;
  readonly arn: string;
  counts(): QueueCounts;
  /** Long polls that wait now. */
  waiting(): number;
  /** Groups and messages that receives have looked at so far: a measure of work that is not time. */
  inspected(): number;
};

export type Queue = QueueView & {
  readonly fifo: boolean;
  readonly createdAt: number;
  readonly receipts: Pick<Receipts, 'delete' | 'changeVisibility'>;
  attributes(): RawAttributes;
  changedAt(): number;
  setAttributes(given: RawAttributes): void;
  send(draft: Draft): SentMessage;
  receive(request: ReceiveRequest): Promise<Received[]>;
  purge(): void;
  close(): void;
};

export type QueueDependencies = {
  readonly clock: Clock;
  readonly switches: Switches;
};

const PURGE_REST_MS = 60_000;

export function createQueue(
  { name, arn, attributes }: { name: string; arn: string; attributes: RawAttributes },
  { clock, switches }: QueueDependencies,
): Queue {
  const fifo = attributes.FifoQueue === 'true';
  const createdAt = clock.now();
  let raw = attributes;
  let settings = readSettings(raw);
  let changedAt = createdAt;
  let purgedAt = Number.NEGATIVE_INFINITY;

  const waiters = createWaiters<Received>({ clock });
  const store = createStore({ clock, switches, fifo, onFree: waiters.wake });
  const receipts = createReceipts({ queueId: randomUUID(), fifo, store, switches, clock });
  const shared = { fifo, store, clock, settings: () => settings };

  function empty(): void {
    for (const entry of store.all()) store.remove(entry);
  }

  return {
    name,
    arn,
    fifo,
    createdAt,
    receipts,
    attributes: () => raw,
    changedAt: () => changedAt,
    counts: () => ({
      visible: store.count('visible'),
      inFlight: store.count('inFlight'),
      delayed: store.count('delayed'),
    }),
    waiting: waiters.size,
    inspected: store.inspected,
    send: createSending(shared),
    receive: createReceiving({ ...shared, receipts, waiters }),

    setAttributes(given) {
      const before = settings;
      const merged = mergeAttributes(raw, given, fifo);
      settings = readSettings(merged);
      raw = merged;
      changedAt = clock.now();
      for (const entry of store.all()) {
        if (settings.retentionMs !== before.retentionMs) store.retain(entry, settings.retentionMs);
        // A new delay counts for messages already sent in a FIFO queue, and only there.
        if (fifo && settings.delayMs !== before.delayMs && entry.state === 'delayed') {
          store.delay(entry, entry.enqueuedAt + settings.delayMs - clock.now());
        }
      }
    },

    purge() {
      if (clock.now() < purgedAt + PURGE_REST_MS) {
        throw new Refusal(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`,
        );
      }
      purgedAt = clock.now();
      empty();
    },

    close() {
      waiters.end(new Refusal('QueueDoesNotExist', 'The specified queue does not exist.'));
      empty();
    },
  };
}
