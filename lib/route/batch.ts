// One batch of `route`: SQS confirms all deliveries of a message before the message is done. Messages of one publisher's
// group are routed in order, in waves whose messages share no ordered lane; messages without a group in parallel.
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { traceIdOf } from '#lib/message/trace.ts';
import type { Backstop } from '#lib/queue/backstop.ts';
import { type FaultWaits, secondsAfterFault } from '#lib/queue/hand-back.ts';
import { queueNameIn, queueNameOf } from '#lib/queue/name.ts';
import type { Queues } from '#lib/queue/queues.ts';
import { sendUndeliverable } from '#lib/queue/undeliverable.ts';
import { type Count, errorName, type Log } from '#lib/telemetry/log.ts';
import { type AddressDeps, type Addressed, address } from './address.ts';
import { type FanOutDeps, PAGE, sendWave } from './fan-out.ts';
import { type ComeRoundDeps, returnFromRetries } from './return-from-retries.ts';
import { type Deliverable, nextWave } from './wave.ts';

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

/** Routes one wave after the other. Where one fails, what failed of it is handed back with all that follow the wave. */
async function routeFlow(
  flow: readonly SQSRecord[],
  endsAt: number,
  deps: RouteDeps,
): Promise<readonly SQSRecord[]> {
  const known = new Map<SQSRecord, Addressed>();
  async function addressOf(record: SQSRecord): Promise<Addressed | undefined> {
    if (isFromRetries(record, deps)) return undefined;
    const addressed = known.get(record) ?? (await address(record, deps));
    known.set(record, addressed);
    return addressed;
  }
  for (let begin = 0; begin < flow.length; ) {
    const rest = flow.slice(begin);
    if (await deps.backstop.full()) return await handBack(rest, FULL_SECONDS, deps);
    const { taken, left, seconds } = await routeWave(rest, addressOf, endsAt, deps);
    if (left.length > 0) return await handBack([...left, ...rest.slice(taken)], seconds, deps);
    begin += taken;
  }
  return [];
}

async function handBack(
  records: readonly SQSRecord[],
  seconds: number,
  deps: RouteDeps,
): Promise<readonly SQSRecord[]> {
  const [first] = records;
  deps.count('HandedBack', records.length);
  const queueUrl = first && deps.sourceUrls.find((url) => queueNameIn(url) === queueNameOf(first));
  if (queueUrl === undefined) return records;
  await deps.queues.hide(
    queueUrl,
    records.map(({ receiptHandle }) => ({ receiptHandle, seconds })),
  );
  return records;
}

const isFromRetries = (record: SQSRecord, { retriesQueueUrl }: RouteDeps): boolean =>
  queueNameOf(record) === queueNameIn(retriesQueueUrl);

type Routed = {
  /** Records that were worked on, from the first. */
  readonly taken: number;
  /** Those of them that are not done. */
  readonly left: readonly SQSRecord[];
  /** Seconds after which these are to be tried again. */
  readonly seconds: number;
};

/** Routes the first record, and those that may be sent with it. Never throws. */
async function routeWave(
  records: readonly SQSRecord[],
  addressOf: (record: SQSRecord) => Promise<Addressed | undefined>,
  endsAt: number,
  deps: RouteDeps,
): Promise<Routed> {
  const [first] = records;
  if (first === undefined) return { taken: 0, left: [], seconds: 0 };
  let wave: readonly SQSRecord[] = [first];
  const notRouted = (left: readonly SQSRecord[], error: unknown): Routed => {
    for (const { messageId } of left) {
      deps.log.error('message.not-routed', { sqsMessageId: messageId, error: errorName(error) });
    }
    const seconds = Math.max(...left.map((record) => secondsAfterFault(record, deps.faultWaits)));
    return { taken: wave.length, left, seconds };
  };
  try {
    const routable = await nextWave(records, addressOf, PAGE, deps);
    if (routable.length === 0) {
      await routeElsewhere(first, addressOf, deps);
      return { taken: 1, left: [], seconds: 0 };
    }
    wave = routable.map(({ record }) => record);
    const { finished, error } = await sendWave(routable, endsAt, deps);
    for (const { record, addressed } of finished) noteRouted(record, addressed, deps);
    const left = wave.filter((record) => !finished.some((one) => one.record === record));
    return error === undefined ? { taken: wave.length, left, seconds: 0 } : notRouted(left, error);
  } catch (error) {
    return notRouted(wave, error);
  }
}

/** Sends a message from `retries` on, or one without an address to `undeliverable`. Throws when AWS fails. */
async function routeElsewhere(
  record: SQSRecord,
  addressOf: (record: SQSRecord) => Promise<Addressed | undefined>,
  deps: RouteDeps,
): Promise<void> {
  const addressed = await addressOf(record);
  const unroutable = addressed === undefined ? await returnFromRetries(record, deps) : addressed;
  if (unroutable?.kind === 'unroutable') await sendUndeliverable(record, unroutable, deps);
}

function noteRouted(
  record: SQSRecord,
  { message, deliveries, filtered }: Deliverable,
  deps: RouteDeps,
): void {
  const { id: messageId, topic, traceparent } = message;
  const traceId = traceparent && traceIdOf(traceparent);
  const line = { sqsMessageId: record.messageId, messageId, topic, traceId };
  if (deliveries.length === 0 && filtered === 0) {
    deps.count('MessagesWithoutSubscription');
    deps.log.info('message.without-subscription', line);
  } else {
    deps.count('MessagesRouted');
    const named = deliveries.slice(0, NAMED).map(({ delivery }) => delivery.subscription);
    deps.log.info('message.routed', {
      ...line,
      deliveries: deliveries.length,
      ...(filtered > 0 && { filtered }),
      to: named.join(' '),
    });
  }
}

/** Subscriptions that the log line of a message names. Their attempts name all of them. */
const NAMED = 20;
