// One batch of `bridge`: each dead letter goes to the endpoint that it names. Letters of one endpoint go together, endpoints
// in parallel. A letter is done when its endpoint has confirmed it, when it waits on `dead-letters` with a delay, or when it
// is in `undeliverable`. All others are handed back.
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { FoundEndpoint } from '#lib/endpoint/directory.ts';
import { faultsAsText } from '#lib/item/fault.ts';
import { decodeDeadLetter } from '#lib/message/attribute.ts';
import { traceIdOf } from '#lib/message/trace.ts';
import { type FaultWaits, secondsAfterFault } from '#lib/queue/hand-back.ts';
import type { Queues } from '#lib/queue/queues.ts';
import { sendUndeliverable } from '#lib/queue/undeliverable.ts';
import { type Count, errorName, type Log, type LogFields } from '#lib/telemetry/log.ts';
import type { BridgedLetter, Passed } from './bridged-letter.ts';
import { overdue, putToWait, type WaitDeps } from './delayed-retry.ts';
import type { Publishers } from './publishers.ts';

export type BridgeDeps = WaitDeps & {
  readonly queues: Queues;
  readonly undeliverableQueueUrl: string;
  /** Looks up an endpoint. Throws when DynamoDB fails. */
  readonly findEndpoint: (name: string) => Promise<FoundEndpoint>;
  readonly publishers: Publishers;
  readonly faultWaits: FaultWaits;
  readonly log: Log;
  readonly infoAll: (event: string, list: readonly LogFields[]) => void;
  readonly count: Count;
};

/** Milliseconds of the invocation kept for putting letters back. */
const RESERVE_MS = 15_000;

type Why = { readonly reason: string; readonly detail: string };

/** Bridges a batch of `dead-letters`. `remainingMs`: time that Lambda leaves the invocation. Never throws. */
export async function bridgeBatch(
  records: readonly SQSRecord[],
  { remainingMs }: { readonly remainingMs: number },
  deps: BridgeDeps,
): Promise<SQSBatchResponse> {
  const endsAt = deps.now() + remainingMs - RESERVE_MS;
  const malformed: Promise<readonly SQSRecord[]>[] = [];
  const letters: BridgedLetter[] = [];
  for (const record of records) {
    const parsed = decodeDeadLetter(record.messageAttributes);
    if (parsed.ok) letters.push({ record, letter: parsed.value });
    else malformed.push(setAside([record], { reason: 'malformed-dead-letter', detail: parsed.detail }, deps));
  }
  const groups = Map.groupBy(letters, ({ letter }) => letter.endpoint);
  const left = await Promise.all([
    ...malformed,
    ...[...groups].map(([endpoint, group]) => bridgeGroup(endpoint, group, endsAt, deps)),
  ]);
  return await handBack(left.flat(), deps);
}

/** Forwards the letters of one endpoint. Returns those that are handed back. */
async function bridgeGroup(
  name: string,
  letters: readonly BridgedLetter[],
  endsAt: number,
  deps: BridgeDeps,
): Promise<readonly SQSRecord[]> {
  const records = letters.map(({ record }) => record);
  try {
    const found = await deps.findEndpoint(name);
    if (found.kind === 'absent')
      return await setAside(
        records,
        { reason: 'endpoint-removed', detail: `no endpoint ${name} is there` },
        deps,
      );
    if (found.kind === 'invalid')
      return await setAside(
        records,
        { reason: 'endpoint-invalid', detail: faultsAsText(found.faults) },
        deps,
      );
    const { publisher, breaker } = deps.publishers.of(found.endpoint);
    if (!breaker.allows()) return await settle(name, letters, breaker.opensAt(), STILL_BROKEN, deps);
    const passed = await publisher.publish(letters, endsAt);
    const failure = passed.find((one) => one.kind === 'waits');
    const line = { endpoint: name, type: found.endpoint.type };
    if (failure === undefined || passed.some(({ kind }) => kind === 'taken')) {
      if (breaker.succeeded()) deps.log.info('endpoint.recovered', line);
    } else if (breaker.failed()) {
      deps.count('BreakersOpened');
      deps.log.error('endpoint.broken', { ...line, reason: failure.reason, detail: failure.detail });
    }
    return await settle(name, letters, breaker.opensAt(), (index) => passed[index] ?? UNHEARD_OF, deps);
  } catch (error) {
    deps.log.error('letters.not-bridged', {
      endpoint: name,
      letters: letters.length,
      error: errorName(error),
    });
    return records;
  }
}

const UNHEARD_OF: Passed = { kind: 'waits', reason: 'unreachable', detail: 'nothing was heard of it' };
const STILL_BROKEN = (): Passed => ({
  kind: 'waits',
  reason: 'unreachable',
  detail: 'the endpoint is out of order',
});

/** Acts on the result of each letter. */
async function settle(
  endpoint: string,
  letters: readonly BridgedLetter[],
  notBefore: number,
  passedOf: (index: number) => Passed,
  deps: BridgeDeps,
): Promise<readonly SQSRecord[]> {
  const bridged: LogFields[] = [];
  const waiting: BridgedLetter[] = [];
  const aside: Promise<readonly SQSRecord[]>[] = [];
  for (const [index, one] of letters.entries()) {
    const passed = passedOf(index);
    switch (passed.kind) {
      case 'taken':
        bridged.push(lineOf(endpoint, one));
        break;
      case 'refused':
        aside.push(setAside([one.record], passed, deps));
        break;
      case 'waits':
        if (overdue(one, passed.reason, deps))
          aside.push(
            setAside([one.record], { reason: `endpoint-${passed.reason}`, detail: passed.detail }, deps),
          );
        else waiting.push(one);
        break;
      default:
        passed satisfies never;
    }
  }
  deps.infoAll('letter.bridged', bridged);
  if (bridged.length > 0) deps.count('Bridged', bridged.length);
  const confirmations = await putToWait(waiting, notBefore, deps);
  const back = waiting.filter((_, index) => confirmations[index] !== undefined).map(({ record }) => record);
  if (waiting.length > back.length) deps.count('BridgeWaits', waiting.length - back.length);
  // Only the first time: a letter may come round hundreds of times.
  const begins = waiting.filter(({ letter }, index) => !letter.hops && confirmations[index] === undefined);
  deps.infoAll(
    'letter.waits',
    begins.map((one) => lineOf(endpoint, one)),
  );
  return [...back, ...(await Promise.all(aside)).flat()];
}

function lineOf(endpoint: string, { letter }: BridgedLetter): LogFields {
  const { subscription, messageId, hops, traceparent } = letter;
  return { subscription, messageId, endpoint, hops, traceId: traceparent && traceIdOf(traceparent) };
}

/** Sends letters to `undeliverable` with the reason. Returns those that SQS did not take. */
async function setAside(
  records: readonly SQSRecord[],
  { reason, detail }: Why,
  deps: BridgeDeps,
): Promise<readonly SQSRecord[]> {
  const left = await Promise.all(
    records.map((record) =>
      sendUndeliverable(record, { reason, detail }, deps).then(
        () => [],
        (error: unknown) => {
          deps.log.error('letter.not-set-aside', { sqsMessageId: record.messageId, error: errorName(error) });
          return [record];
        },
      ),
    ),
  );
  return left.flat();
}

/** Hands letters back, invisible for longer with each receive. */
async function handBack(left: readonly SQSRecord[], deps: BridgeDeps): Promise<SQSBatchResponse> {
  if (left.length > 0) {
    deps.count('HandedBack', left.length);
    await deps.queues.hide(
      deps.deadLettersQueueUrl,
      left.map((record) => ({
        receiptHandle: record.receiptHandle,
        seconds: secondsAfterFault(record, deps.faultWaits),
      })),
    );
  }
  return { batchItemFailures: left.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
