// Sends one message's deliveries, page by page, each page confirmed before the next. A fan-out that does not fit into
// one invocation keeps its place and goes on from there.

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

/** What a kill can make us send twice, at most; SQS recognises it for five minutes. */
const PAGE = 100;

/**
 * Puts each delivery on `deliveries.fifo`. Returns false when time ran out: the place is written down.
 * Throws when SQS does not confirm all of a page, or DynamoDB fails.
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
    // After the last page too: SQS may hand out the message once more, and those five minutes may be over.
    const last = page.at(-1);
    if (long && last) await writePlace(sqsMessageId, last.delivery.subscription, deps);
  }
  return true;
}

/** Says whether there was time for all of it. What was sent of it SQS recognises when the page is sent again. */
async function sendPage(
  page: readonly Laned[],
  body: string,
  endsAt: number,
  deps: FanOutDeps,
): Promise<boolean> {
  const entries = page.map(({ delivery, lane }) => deliveryInLane(delivery, body, lane));
  // What is refused alone is sent again at once, as long as that helps: else a page of a hundred would hardly ever
  // get through where a call in a hundred fails. Each is in another lane, so their order is free.
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
