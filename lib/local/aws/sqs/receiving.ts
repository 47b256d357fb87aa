// ReceiveMessage: messages get a receipt. A repeated receive attempt gets the same messages again.
import type { Clock } from '#lib/local/aws/clock.ts';
import type { Settings } from './attributes.ts';
import type { LaneEntry } from './lane.ts';
import type { Message } from './message.ts';
import type { Receipts } from './receipt.ts';
import { invalidValue, Refusal } from './refusal.ts';
import type { MessageStore } from './store.ts';
import type { Waiters } from './waiters.ts';
import { createWindow, FIVE_MINUTES_MS } from './window.ts';

export type Received = {
  readonly message: Message;
  readonly handle: string;
  readonly sequence: bigint;
  readonly receives: number;
  readonly firstReceivedAt: number;
};

export type ReceiveRequest = {
  readonly most: number;
  /** The queue's own where undefined; so for the wait. */
  readonly visibilityMs: number | undefined;
  readonly waitMs: number | undefined;
  readonly attemptId: string | undefined;
  readonly signal: AbortSignal | undefined;
};

type Dependencies = {
  readonly fifo: boolean;
  readonly store: Pick<MessageStore, 'take' | 'hide' | 'get' | 'count'>;
  readonly receipts: Pick<Receipts, 'write'>;
  readonly waiters: Waiters<Received>;
  readonly settings: () => Settings;
  readonly clock: Clock;
};

const MOST_IN_FLIGHT = 120_000;

export function createReceiving(
  dependencies: Dependencies,
): (request: ReceiveRequest) => Promise<Received[]> {
  const { fifo, store, receipts, waiters, settings, clock } = dependencies;
  const attempts = createWindow<readonly { entry: LaneEntry; received: Received }[]>(FIVE_MINUTES_MS, {
    clock,
  });

  function handOut(entry: LaneEntry, visibilityMs: number): Received {
    const now = clock.now();
    entry.receives++;
    entry.receivedAt = now;
    entry.firstReceivedAt ||= now;
    entry.givenBack = false;
    entry.changed = false;
    store.hide(entry, visibilityMs);
    return {
      message: entry.message,
      handle: receipts.write(entry),
      sequence: entry.sequence,
      receives: entry.receives,
      firstReceivedAt: entry.firstReceivedAt,
    };
  }

  function take({ most, visibilityMs, attemptId }: ReceiveRequest, isShortPoll: boolean): Received[] {
    const free = MOST_IN_FLIGHT - store.count('inFlight');
    // A FIFO queue, and a long poll, is answered with nothing instead.
    if (free <= 0 && !fifo && isShortPoll) {
      throw new Refusal('OverLimit', `The queue has ${MOST_IN_FLIGHT} messages in flight, its most.`);
    }
    const given = store.take(Math.min(most, free)).map((entry) => ({
      entry,
      received: handOut(entry, visibilityMs ?? settings().visibilityMs),
    }));
    if (attemptId !== undefined && given.length > 0) attempts.set(attemptId, given);
    return given.map(({ received }) => received);
  }

  /** What the same attempt was given before, if all of it is still held and unchanged; its visibility begins anew. */
  function replay({ attemptId, visibilityMs }: ReceiveRequest): Received[] | undefined {
    if (attemptId === undefined) return undefined;
    if (!fifo) {
      const reason = 'The parameter is not valid for this type of queue.';
      throw invalidValue('ReceiveRequestAttemptId', attemptId, reason);
    }
    const given = attempts.get(attemptId);
    const stands = given?.every(
      ({ entry, received }) =>
        store.get(entry.message.id) === entry &&
        entry.state === 'inFlight' &&
        !entry.changed &&
        receipts.write(entry) === received.handle,
    );
    if (!given || !stands) return undefined;
    for (const { entry } of given) store.hide(entry, visibilityMs ?? settings().visibilityMs);
    return given.map(({ received }) => received);
  }

  return async (request) => {
    const waitMs = request.waitMs ?? settings().waitMs;
    const takeNow = (): Received[] => take(request, waitMs === 0);
    return replay(request) ?? waiters.wait({ waitMs, take: takeNow, signal: request.signal });
  };
}
