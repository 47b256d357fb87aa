// Sends the deliveries of one message page by page; SQS confirms each page before the next. A fan-out that does not fit
// into one invocation saves its progress and continues there.

import { deliveryInLane } from '#lib/message/lane.ts';
import { NotConfirmed, type Outgoing, type Queues } from '#lib/queue/queues.ts';
import type { Count } from '#lib/telemetry/log.ts';
import type { Laned } from './address.ts';
import { type PlaceDeps, readPlace, writePlace } from './fan-out-progress.ts';
import { type UseLanesDeps, useLanes } from './use-lanes.ts';
import type { Routable } from './wave.ts';

export type FanOutDeps = PlaceDeps &
  UseLanesDeps & {
    readonly queues: Pick<Queues, 'send'>;
    readonly deliveriesQueueUrl: string;
    readonly count: Count;
    readonly now: () => number;
  };

/** Deliveries a page: a crash repeats at most one page, and SQS drops the copies for five minutes. */
export const PAGE = 100;

/**
 * Puts each delivery on `deliveries.fifo`. Returns false when time ran out: the progress is saved.
 * Throws when SQS does not confirm a whole page, or DynamoDB fails.
 */
export async function fanOut(
  sqsMessageId: string,
  body: string,
  deliveries: readonly Laned[],
  endsAt: number,
  deps: FanOutDeps,
): Promise<boolean> {
  const long = deliveries.length > PAGE;
  const place = long ? await readPlace(sqsMessageId, deps) : undefined;
  let todo =
    place === undefined ? deliveries : deliveries.filter(({ delivery }) => delivery.subscription > place);
  while (todo.length > 0) {
    if (deps.now() >= endsAt) return false;
    const page = todo.slice(0, PAGE);
    if (!(await sendPage(page, body, endsAt, deps))) return false;
    todo = todo.slice(PAGE);
    // Saved after the last page too: SQS may hand the message out again after its five minutes of deduplication.
    const last = page.at(-1);
    if (long && last) await writePlace(sqsMessageId, last.delivery.subscription, deps);
  }
  return true;
}

/** Returns whether there was time for the whole page. SQS drops the copies when the page is sent again. */
async function sendPage(
  page: readonly Laned[],
  body: string,
  endsAt: number,
  deps: FanOutDeps,
): Promise<boolean> {
  // A long fan-out takes its time: each page has its lanes looked up anew.
  const laned = await useLanes(page, deps);
  const entries = laned.map(({ delivery, lane }) => deliveryInLane(delivery, body, lane));
  const { refused, error } = await sendAll(entries, endsAt, deps);
  if (error !== undefined) throw error;
  return refused.size === 0;
}

/**
 * Sends entries whose order does not matter. Refused ones are sent again at once while that makes progress: otherwise a
 * page of a hundred would hardly get through when one call in a hundred fails. Returns those that SQS did not take, with
 * an error unless time ran out.
 */
async function sendAll(
  entries: readonly Outgoing[],
  endsAt: number,
  deps: FanOutDeps,
): Promise<{ readonly refused: ReadonlySet<Outgoing>; readonly error?: NotConfirmed }> {
  let left = entries;
  while (left.length > 0) {
    const confirmations = await deps.queues.send(deps.deliveriesQueueUrl, left);
    const refused = left.filter((_, index) => confirmations[index] !== undefined);
    deps.count('DeliveriesQueued', left.length - refused.length);
    if (refused.length === left.length) {
      const code = confirmations.find((one) => one !== undefined) ?? 'Unknown';
      return { refused: new Set(refused), error: new NotConfirmed('deliveries.fifo', code) };
    }
    left = refused;
    if (deps.now() >= endsAt) break;
  }
  return { refused: new Set(left) };
}

/**
 * Sends the deliveries of messages that may be sent together, and returns those of which SQS confirmed every delivery; an
 * error unless only time ran out. Throws when DynamoDB fails.
 */
export async function sendWave(
  wave: readonly Routable[],
  endsAt: number,
  deps: FanOutDeps,
): Promise<{ readonly finished: readonly Routable[]; readonly error?: unknown }> {
  const [first] = wave;
  if (first !== undefined && wave.length === 1) {
    const { message, deliveries } = first.addressed;
    const done = await fanOut(first.record.messageId, message.body, deliveries, endsAt, deps);
    return { finished: done ? wave : [] };
  }
  if (deps.now() >= endsAt) return { finished: [] };
  const entries = wave.map(({ addressed: { message, deliveries } }) =>
    deliveries.map(({ delivery, lane }) => deliveryInLane(delivery, message.body, lane)),
  );
  const { refused, error } = await sendAll(entries.flat(), endsAt, deps);
  const finished = wave.filter((_, index) => entries[index]?.every((entry) => !refused.has(entry)));
  return { finished, ...(error !== undefined && { error }) };
}
