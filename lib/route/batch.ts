// One batch of `route`: SQS confirms all deliveries of a message before the message is done. Messages of one publisher's
// group are routed one after the other, messages without a group in parallel.
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { traceIdOf } from '#lib/message/trace.ts';
import type { Backstop } from '#lib/queue/backstop.ts';
import { type FaultWaits, secondsAfterFault } from '#lib/queue/hand-back.ts';
import { queueNameIn, queueNameOf } from '#lib/queue/name.ts';
import type { Queues } from '#lib/queue/queues.ts';
import { sendUndeliverable } from '#lib/queue/undeliverable.ts';
import { type Count, errorName, type Log } from '#lib/telemetry/log.ts';
import { type AddressDeps, type Addressed, address } from './address.ts';
import { type FanOutDeps, fanOut } from './fan-out.ts';
import { type ComeRoundDeps, returnFromRetries } from './return-from-retries.ts';

export type RouteDeps = AddressDeps &
  ComeRoundDeps &
  FanOutDeps & {
    readonly queues: Queues;
    /** URLs of the queues that feed this function. */
    readonly sourceUrls: readonly string[];
    readonly undeliverableQueueUrl: string;
    readonly backstop: Backstop;
    readonly faultWaits: FaultWaits;
    readonly log: Log;
    readonly count: Count;
    readonly now: () => number;
  };

/** Milliseconds kept for saving the fan-out's progress and handing messages back. */
const RESERVE_MS = 3_000;

/** Seconds that messages wait while `deliveries.fifo` is too full. */
const FULL_SECONDS = 30;

/** Routes a batch of one source queue. `remainingMs`: time that Lambda leaves the invocation. Never throws. */
export async function routeBatch(
  records: readonly SQSRecord[],
  { remainingMs }: { readonly remainingMs: number },
  deps: RouteDeps,
): Promise<SQSBatchResponse> {
  const endsAt = deps.now() + remainingMs - RESERVE_MS;
  const flows = Map.groupBy(records, flowOf);
  const unrouted = await Promise.all([...flows.values()].map((flow) => routeFlow(flow, endsAt, deps)));
  return { batchItemFailures: unrouted.flat().map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** On a standard queue a message group is only a hint for fairness and needs no order. */
const flowOf = ({ attributes, messageId, eventSourceARN }: SQSRecord): string =>
  (eventSourceARN.endsWith('.fifo') ? attributes.MessageGroupId : undefined) ?? messageId;

/** Routes one message after the other. The first that fails is handed back with all that follow it. */
async function routeFlow(
  flow: readonly SQSRecord[],
  endsAt: number,
  deps: RouteDeps,
): Promise<readonly SQSRecord[]> {
  for (const [index, record] of flow.entries()) {
    const seconds = (await deps.backstop.full())
      ? FULL_SECONDS
      : await routeOne(record, endsAt, deps).catch((error: unknown) => {
          deps.log.error('message.not-routed', { sqsMessageId: record.messageId, error: errorName(error) });
          return secondsAfterFault(record, deps.faultWaits);
        });
    if (seconds === undefined) continue;
    const rest = flow.slice(index);
    deps.count('HandedBack', rest.length);
    const queueUrl = deps.sourceUrls.find((url) => queueNameIn(url) === queueNameOf(record));
    if (queueUrl === undefined) return rest;
    await deps.queues.hide(
      queueUrl,
      rest.map(({ receiptHandle }) => ({ receiptHandle, seconds })),
    );
    return rest;
  }
  return [];
}

/** Returns undefined when the message is done, else the seconds after which to continue. */
async function routeOne(record: SQSRecord, endsAt: number, deps: RouteDeps): Promise<number | undefined> {
  if (queueNameOf(record) === queueNameIn(deps.retriesQueueUrl)) {
    const unroutable = await returnFromRetries(record, deps);
    if (unroutable) await sendUndeliverable(record, unroutable, deps);
    return undefined;
  }
  const addressed: Addressed = await address(record, deps);
  if (addressed.kind === 'unroutable') {
    await sendUndeliverable(record, addressed, deps);
    return undefined;
  }
  const { message, deliveries } = addressed;
  const { id: messageId, topic, traceparent } = message;
  const traceId = traceparent && traceIdOf(traceparent);
  const line = { sqsMessageId: record.messageId, messageId, topic, traceId };
  if (deliveries.length === 0) {
    deps.count('MessagesWithoutSubscription');
    deps.log.info('message.without-subscription', line);
    return undefined;
  }
  const finished = await fanOut(record.messageId, message.body, deliveries, endsAt, deps);
  if (!finished) return 0;
  deps.count('MessagesRouted');
  deps.log.info('message.routed', { ...line, deliveries: deliveries.length });
  return undefined;
}
