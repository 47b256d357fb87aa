// One batch of `bridge`: each dead letter goes to the endpoint that it names. Letters of one endpoint go together, endpoints
// in parallel. A letter is done when its endpoint has confirmed it, when it waits on `dead-letters` with a delay, or when it
// is in `undeliverable`. All others are handed back.
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { type FoundEndpoint, serves } from '#lib/endpoint/directory.ts';
import type { Endpoint } from '#lib/endpoint/endpoint.ts';
import { faultsAsText } from '#lib/item/fault.ts';
import { decodeDeadLetter } from '#lib/message/attribute.ts';
import { traceIdOf } from '#lib/message/trace.ts';
import { type FaultWaits, secondsAfterFault } from '#lib/queue/hand-back.ts';
import type { Queues } from '#lib/queue/queues.ts';
import type { UndeliverableDeps } from '#lib/queue/undeliverable.ts';
import { type Count, errorName, type Log, type LogFields } from '#lib/telemetry/log.ts';
import type { BridgedLetter, Passed } from './bridged-letter.ts';
import { overdue, putToWait, type WaitDeps } from './delayed-retry.ts';
import type { Publishers } from './publishers.ts';
import { setLettersAside } from './set-aside.ts';

export type BridgeDeps = WaitDeps &
  UndeliverableDeps & {
    readonly queues: Queues;
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
    else
      malformed.push(
        setLettersAside([record], { reason: 'malformed-dead-letter', detail: parsed.detail }, deps),
      );
  }
  const groups = Map.groupBy(letters, ({ letter }) => letter.endpoint);
  const left = await Promise.all([
    ...malformed,
    ...[...groups].map(([endpoint, group]) => bridgeGroup(endpoint, group, endsAt, deps)),
  ]);
  return await handBack(left.flat(), deps);
}

/** Finds the endpoint of letters that name it, and forwards those that it serves. Returns those that are handed back. */
async function bridgeGroup(
  name: string,
  letters: readonly BridgedLetter[],
  endsAt: number,
  deps: BridgeDeps,
): Promise<readonly SQSRecord[]> {
  let served = letters;
  let back: readonly SQSRecord[] = [];
  try {
    const found = await deps.findEndpoint(name);
    if (found.kind === 'absent') {
      const why = { reason: 'endpoint-removed', detail: `no endpoint ${name} is there` };
      return await setLettersAside(recordsOf(letters), why, deps);
    }
    if (found.kind === 'invalid') {
      const why = { reason: 'endpoint-invalid', detail: faultsAsText(found.faults) };
      return await setLettersAside(recordsOf(letters), why, deps);
    }
    // The endpoint may have been put anew, for another tenant, while letters waited for it.
    const foreign = letters.filter(({ letter }) => !serves(found.endpoint, letter.tenant));
    served = letters.filter((one) => !foreign.includes(one));
    const why = { reason: 'endpoint-invalid', detail: `${name} is an endpoint of another tenant` };
    back = await setLettersAside(recordsOf(foreign), why, deps);
    return [...back, ...(served.length === 0 ? [] : await forward(found.endpoint, served, endsAt, deps))];
  } catch (error) {
    deps.log.error('letters.not-bridged', {
      endpoint: name,
      letters: served.length,
      error: errorName(error),
    });
    return [...back, ...recordsOf(served)];
  }
}

const recordsOf = (letters: readonly BridgedLetter[]) => letters.map(({ record }) => record);

/** Forwards letters to their endpoint. Returns those that are handed back. */
async function forward(
  endpoint: Endpoint,
  letters: readonly BridgedLetter[],
  endsAt: number,
  deps: BridgeDeps,
): Promise<readonly SQSRecord[]> {
  const { name, type } = endpoint;
  const { publisher, breaker } = deps.publishers.of(endpoint);
  if (!breaker.allows()) return await settle(name, letters, breaker.opensAt(), STILL_BROKEN, deps);
  const passed = await publisher.publish(letters, endsAt);
  const failure = passed.find((one) => one.kind === 'waits');
  const line = { endpoint: name, type };
  if (failure === undefined || passed.some(({ kind }) => kind === 'taken')) {
    if (breaker.succeeded()) deps.log.info('endpoint.recovered', line);
  } else if (breaker.failed()) {
    deps.count('BreakersOpened');
    deps.log.error('endpoint.broken', { ...line, reason: failure.reason, detail: failure.detail });
  }
  return await settle(name, letters, breaker.opensAt(), (index) => passed[index] ?? UNHEARD_OF, deps);
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
        aside.push(setLettersAside([one.record], passed, deps));
        break;
      case 'waits':
        if (overdue(one, passed.reason, deps))
          aside.push(
            setLettersAside(
              [one.record],
              { reason: `endpoint-${passed.reason}`, detail: passed.detail },
              deps,
            ),
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
