// Sends the deliveries of one message page by page; SQS confirms each page before the next. A fan-out that does not fit
// into one invocation saves its progress and continues there.

import { deliveryInLane } from '#lib/message/lane.ts';
import { NotConfirmed, type Queues } from '#lib/queue/queues.ts';
import type { Count } from '#lib/telemetry/log.ts';
import type { Laned } from './address.ts';
import { type PlaceDeps, readPlace, writePlace } from './fan-out-progress.ts';

export type FanOutDeps = PlaceDeps & {
  readonly queues: Pick<Queues, 'send'>;
  readonly deliveriesQueueUrl: string;
  readonly count: Count;
  readonly now: () => number;
};

/** Deliveries a page: a crash repeats at most one page, and SQS drops the copies for five minutes. */
const PAGE = 100;

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
  const entries = page.map(({ delivery, lane }) => deliveryInLane(delivery, body, lane));
  // Refused deliveries are sent again at once while that makes progress: otherwise a page of a hundred would hardly
  // get through when one call in a hundred fails. Each is in another lane, so their order does not matter.
  let left = entries;
  while (left.length > 0) {
    const confirmations = await deps.queues.send(deps.deliveriesQueueUrl, left);
    const refused = left.filter((_, index) => confirmations[index] !== undefined);
    deps.count('DeliveriesQueued', left.length - refused.length);
    if (refused.length === left.length) {
      throw new NotConfirmed(
        'deliveries.fifo',
        confirmations.find((code) => code !== undefined) ?? 'Unknown',
      );
    }
    left = refused;
    if (left.length > 0 && deps.now() >= endsAt) return false;
  }
  return true;
}
