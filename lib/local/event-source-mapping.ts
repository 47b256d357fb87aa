// Lambda's poller for one queue: receives messages, invokes the function, and deletes the processed messages. A failed
// message stays invisible until its visibility timeout ends. A FIFO queue itself holds message groups back.
import { type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { Functions } from './functions.ts';
import { failedRecords } from './partial-response.ts';
import { createRemoval } from './removal.ts';
import { pass } from './sleep.ts';
import { eventsOf, recordOf } from './sqs-event.ts';
import type { EventSourceMapping } from './template.ts';

export type RunningMapping = {
  readonly mapping: EventSourceMapping;
  /** Stops receiving; resolves when no poll is open. Invocations may still run then. */
  pause(): Promise<void>;
  resume(): void;
  /** Resolves when no batch is gathered or running, and its processed messages are deleted. */
  idle(): Promise<void>;
  /** Stops permanently and waits for running invocations, `graceMs` at most. The caller has to kill those that remain. */
  stop(graceMs?: number): Promise<void>;
};

export type MappingDependencies = {
  sqs: Pick<SQSClient, 'send'>;
  functions: Pick<Functions, 'run' | 'hasRoom' | 'free'>;
  queueUrl: string;
  onError: (text: string) => void;
  /** How it waits before a receive after failures; tests note the milliseconds instead. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Seconds that a poll waits for a message, and that a pause may take. */
  waitSeconds?: number;
};

/** Maximum number of messages in one call to SQS. */
const CALL_MOST = 10;
/** Lambda's events are at most 6 MB; a message may be 1 MiB, and its event is somewhat larger. */
const GATHER_MOST_BYTES = 4_000_000;
const BACKOFF_MS = { first: 100, most: 2000 };

/** Starts to poll, unless the mapping is disabled. */
export function startEventSourceMapping(
  mapping: EventSourceMapping,
  dependencies: MappingDependencies,
): RunningMapping {
  const { sqs, functions, queueUrl, onError, sleep = pass, waitSeconds = 20 } = dependencies;
  const isFifo = mapping.queueArn.endsWith('.fifo');
  const stopping = new AbortController();
  const invocations = new Set<Promise<void>>();
  const remove = createRemoval(mapping.id, { sqs, queueUrl, onError, signal: stopping.signal });
  let wanted = mapping.enabled;
  let polling: Promise<void> | undefined;
  let backoffMs = 0;
  let wake = () => {};

  async function poll(): Promise<void> {
    while (wanted) {
      await untilConcurrencyIsFree();
      await sleep(backoffMs, stopping.signal);
      if (!wanted) return;
      const first = await receive(mapping.batchSize, waitSeconds);
      if (first.length === 0) continue;
      const batch = gather(first);
      const invocation = batch.then(work).finally(() => {
        invocations.delete(invocation);
        wake();
      });
      // From now on: the messages of a batch that is being gathered are invisible too.
      invocations.add(invocation);
      await batch;
    }
  }

  /** Receives only below the maximum concurrency: a message that waits here would use up visibility time and receives. */
  async function untilConcurrencyIsFree(): Promise<void> {
    const { functionName, maximumConcurrency } = mapping;
    while (wanted && (invocations.size >= maximumConcurrency || !functions.hasRoom(functionName))) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!functions.hasRoom(functionName)) void functions.free(functionName).then(wake);
      await woken;
    }
  }

  /** A batch: the messages of the first poll, and with a batching window those of further ones, up to the batch size. */
  async function gather(first: readonly Message[]): Promise<Message[]> {
    const messages = [...first];
    const endsAt = Date.now() + mapping.batchingWindowSeconds * 1000;
    let bytes = bytesOf(messages);
    while (wanted && messages.length < mapping.batchSize && bytes < GATHER_MOST_BYTES) {
      const left = Math.ceil((endsAt - Date.now()) / 1000);
      if (left <= 0) break;
      const more = await receive(mapping.batchSize - messages.length, Math.min(left, waitSeconds));
      bytes += bytesOf(more);
      messages.push(...more);
      // A receive failed: process the messages received before it.
      if (backoffMs > 0) break;
    }
    return messages;
  }

  async function receive(most: number, seconds: number): Promise<Message[]> {
    try {
      const command = new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: Math.min(most, CALL_MOST),
        WaitTimeSeconds: seconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      });
      const { Messages = [] } = await sqs.send(command, { abortSignal: stopping.signal });
      return Messages;
    } catch (error) {
      if (!stopping.signal.aborted) {
        onError(`${mapping.id}: receive failed: ${error}`);
        slowDown();
      }
      return [];
    }
  }

  async function work(messages: Message[]): Promise<void> {
    const records = messages.map((message) => recordOf(message, mapping.queueArn));
    const failedGroups = new Set<string>();
    for (const { Records } of eventsOf(records)) {
      // The later messages of a group must not overtake a failed one.
      const due = Records.filter(({ attributes }) => !failedGroups.has(attributes.MessageGroupId ?? ''));
      const done = await invoke(due);
      await remove(done.map(({ receiptHandle }) => receiptHandle));
      if (!isFifo) continue;
      for (const record of due.filter((one) => !done.includes(one))) {
        failedGroups.add(record.attributes.MessageGroupId ?? '');
      }
    }
  }

  async function invoke(records: SQSRecord[]): Promise<SQSRecord[]> {
    if (records.length === 0) return [];
    const result = await functions.run(mapping.functionName, { Records: records });
    const failed = !result.ok
      ? { kind: 'all' as const, reason: `${result.errorType}: ${result.errorMessage}` }
      : mapping.reportsItemFailures
        ? failedRecords(
            result.payload,
            records.map(({ messageId }) => messageId),
          )
        : { kind: 'some' as const, ids: new Set<string>() };
    if (failed.kind === 'all') {
      onError(`${mapping.id}: the batch failed: ${failed.reason}`);
      // A FIFO queue needs no delay here: it holds the failed groups back.
      if (!isFifo) slowDown();
      return [];
    }
    backoffMs = 0;
    return records.filter(({ messageId }) => !failed.ids.has(messageId));
  }

  function slowDown(): void {
    backoffMs = Math.min(Math.max(BACKOFF_MS.first, 2 * backoffMs), BACKOFF_MS.most);
  }

  function start(): void {
    polling ??= poll().finally(() => {
      polling = undefined;
      // Resumed while the last poll was still open.
      if (wanted) start();
    });
  }

  function halt(): Promise<void> | undefined {
    wanted = false;
    wake();
    return polling;
  }

  if (wanted) start();
  return {
    mapping,
    async pause() {
      await halt();
    },
    async idle() {
      while (invocations.size > 0) await Promise.all(invocations);
    },
    resume() {
      wanted = !stopping.signal.aborted;
      if (wanted) start();
    },
    async stop(graceMs = 5000) {
      stopping.abort();
      await halt();
      const over = new AbortController();
      await Promise.race([Promise.all(invocations), pass(graceMs, over.signal)]);
      over.abort();
    },
  };
}

const bytesOf = (messages: readonly Message[]): number =>
  messages.reduce((sum, { Body = '' }) => sum + Buffer.byteLength(Body), 0);
