// SQS in memory, behind the SDK client's `send`: batches of sends, deletes and visibility changes with SQS's limits, and the
// groups and deduplication of FIFO queues. The product's own Queues run over it, so calls are divided as on AWS.
import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { queueNameIn } from '#lib/queue/name.ts';
import { createQueues, type Queues } from '#lib/queue/queues.ts';
import { attributesOf, recordOf } from './records.ts';

/** A message that a queue has accepted. */
export type Taken = {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | Buffer>>;
  readonly group: string | undefined;
  readonly sequence: number;
  readonly sentAt: number;
};
type Stored = Taken & { visibleAt: number; receives: number; handle: string };
type Queue = {
  readonly isFifo: boolean;
  readonly taken: Taken[];
  readonly stored: Stored[];
  readonly known: Map<string, number>;
};

export type QueueOperation = 'send' | 'remove' | 'hide' | 'receive';

export type MemoryQueues = {
  /** Queues that make one call at a time. A test that needs parallel calls makes its own queues over `sqs`. */
  readonly queues: Queues;
  readonly sqs: Pick<SQSClient, 'send'>;
  /** Every message that the queue accepted, in order, without the duplicates that SQS drops. */
  taken(queueUrl: string): readonly Taken[];
  /** The number of messages that are visible, delayed or in flight. */
  left(queueUrl: string): number;
  /** The messages that are visible, delayed or in flight now, in order. */
  stored(queueUrl: string): readonly (Taken & { readonly visibleAt: number; readonly receives: number })[];
  /** Removes a message without a trace. */
  lose(queueUrl: string, id: string): void;
  put(queueUrl: string, message: { body: string; attributes?: Taken['attributes']; group?: string }): string;
  /** Receives up to ten visible messages. A group with a message in flight gives none. */
  receive(queueUrl: string, options?: { max?: number; visibilitySeconds?: number }): SQSRecord[];
  /** The number of calls by operation. */
  readonly calls: Map<QueueOperation, number>;
  readonly largest: { entries: number; bytes: number };
  /** The number of sends that were recognised as duplicates. */
  readonly swallowed: () => number;
  /** Faults that the test sets; none by default. */
  readonly faults: {
    /** `fail`: the call fails without effect; a receive returns no messages. `lose`: it takes effect, but the answer is lost. */
    call?: ((operation: QueueOperation, queue: string) => 'fail' | 'lose' | undefined) | undefined;
    /** The error code with which an entry is refused; undefined accepts it. */
    entry?: ((operation: QueueOperation, queue: string, entry: object) => string | undefined) | undefined;
  };
};

/** The codes that are not the sender's fault. AWS counts throttling among the sender's. */
const NOT_THE_SENDERS: ReadonlySet<string> = new Set(['InternalError', 'ServiceUnavailable']);

const WINDOW_MS = 5 * 60_000;
const MAX_BYTES = 1_048_576;
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Waits of `queues` pass at once, on a clock of their own. */
export function createMemoryQueues({ now }: { readonly now: () => number }): MemoryQueues {
  let waitedMs = 0;
  const clock = {
    now: () => waitedMs,
    random: () => 0.5,
    async wait(ms: number) {
      waitedMs += ms;
    },
  };
  const all = new Map<string, Queue>();
  const calls = new Map<QueueOperation, number>();
  const largest = { entries: 0, bytes: 0 };
  const faults: MemoryQueues['faults'] = {};
  let sequence = 0;
  let handles = 0;
  let swallowed = 0;
  // A fan-out sends the same body ten thousand times: it is checked once.
  let looked = '';

  function queueOf(url: string): Queue {
    const queue = all.get(url) ?? {
      isFifo: url.endsWith('.fifo'),
      taken: [],
      stored: [],
      known: new Map<string, number>(),
    };
    all.set(url, queue);
    return queue;
  }

  function store(queue: Queue, given: Pick<Taken, 'body' | 'attributes' | 'group'>, delayMs = 0): string {
    sequence += 1;
    const message = { ...given, id: `id-${sequence}`, sequence, sentAt: now() };
    queue.taken.push(message);
    queue.stored.push({ ...message, visibleAt: now() + delayMs, receives: 0, handle: '' });
    return message.id;
  }

  function take(queue: Queue, entry: SendMessageBatchRequestEntry): void {
    const { MessageBody: body = '', MessageAttributes = {}, MessageGroupId: group } = entry;
    const attributes = Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
    );
    for (const text of [body, ...Object.values(attributes)]) {
      if (text === '' || (text !== looked && FORBIDDEN.test(text))) throw refusal('InvalidMessageContents');
    }
    looked = body;
    if (queue.isFifo) {
      const id = entry.MessageDeduplicationId;
      if (group === undefined || id === undefined || entry.DelaySeconds)
        throw refusal('InvalidParameterValue');
      if (!/^[!-~]{1,128}$/.test(group) || !/^[!-~]{1,128}$/.test(id)) throw refusal('InvalidParameterValue');
      const key = `${group} ${id}`;
      const since = queue.known.get(key);
      if (since !== undefined && now() < since + WINDOW_MS) {
        swallowed += 1;
        return;
      }
      queue.known.set(key, now());
    }
    store(queue, { body, attributes, group }, (entry.DelaySeconds ?? 0) * 1000);
  }

  /** The message of a receipt handle; undefined when the handle has expired. */
  function holder(queue: Queue, handle = ''): number {
    const index = queue.stored.findIndex((message) => message.handle === handle);
    const message = queue.stored[index];
    if (message === undefined || (queue.isFifo && message.visibleAt <= now())) {
      throw refusal('ReceiptHandleIsInvalid');
    }
    return index;
  }

  function eachEntry<E extends { Id: string | undefined }>(
    operation: QueueOperation,
    QueueUrl = '',
    entries: readonly E[] = [],
    act: (queue: Queue, entry: E) => void,
  ) {
    calls.set(operation, (calls.get(operation) ?? 0) + 1);
    const queue = queueOf(QueueUrl);
    const name = queueNameIn(QueueUrl);
    const fault = faults.call?.(operation, name);
    if (fault === 'fail') throw refusal('ServiceUnavailable');
    if (entries.length === 0) throw refusal('EmptyBatchRequest');
    if (entries.length > 10) throw refusal('TooManyEntriesInBatchRequest');
    const Successful: { Id: string | undefined }[] = [];
    const Failed: BatchResultErrorEntry[] = [];
    for (const entry of entries) {
      try {
        const code = faults.entry?.(operation, name, entry);
        if (code !== undefined) throw refusal(code);
        act(queue, entry);
        Successful.push({ Id: entry.Id });
      } catch (error) {
        const Code = error instanceof Error ? error.name : '';
        Failed.push({ Id: entry.Id, Code, SenderFault: !NOT_THE_SENDERS.has(Code) });
      }
    }
    if (fault === 'lose') throw refusal('TimeoutError');
    return { Successful, Failed };
  }

  function receive(
    queueUrl: string,
    { max = 10, visibilitySeconds = 240 }: { max?: number; visibilitySeconds?: number } = {},
  ): SQSRecord[] {
    const { stored, isFifo } = queueOf(queueUrl);
    const locked = new Set(
      stored.flatMap(({ visibleAt, receives, group }) => (receives > 0 && visibleAt > now() ? [group] : [])),
    );
    const free = stored.filter(
      ({ visibleAt, group }) => visibleAt <= now() && !(isFifo && locked.has(group)),
    );
    return free.slice(0, max).map((message) => {
      message.receives += 1;
      message.visibleAt = now() + visibilitySeconds * 1000;
      handles += 1;
      message.handle = `handle-${handles}`;
      const { id, body, group, receives, handle, sentAt } = message;
      const record = recordOf({
        queue: queueNameIn(queueUrl),
        id,
        body,
        ...(group !== undefined && { group }),
        sequence: String(message.sequence).padStart(20, '0'),
        receives,
        sentAt,
        receiptHandle: handle,
      });
      return { ...record, messageAttributes: attributesOf(message.attributes) };
    });
  }

  async function send(command: object): Promise<unknown> {
    if (command instanceof SendMessageBatchCommand) {
      const { QueueUrl, Entries = [] } = command.input;
      const bytes = Entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
      largest.entries = Math.max(largest.entries, Entries.length);
      largest.bytes = Math.max(largest.bytes, bytes);
      if (bytes > MAX_BYTES) throw refusal('BatchRequestTooLong');
      return eachEntry('send', QueueUrl, Entries, take);
    }
    if (command instanceof DeleteMessageBatchCommand) {
      const { QueueUrl, Entries } = command.input;
      return eachEntry('remove', QueueUrl, Entries, (queue, { ReceiptHandle }) => {
        queue.stored.splice(holder(queue, ReceiptHandle), 1);
      });
    }
    if (command instanceof ChangeMessageVisibilityBatchCommand) {
      const { QueueUrl, Entries } = command.input;
      return eachEntry('hide', QueueUrl, Entries, (queue, { ReceiptHandle, VisibilityTimeout = 0 }) => {
        const message = queue.stored[holder(queue, ReceiptHandle)];
        if (!Number.isInteger(VisibilityTimeout)) throw refusal('InvalidParameterValue');
        if (message) message.visibleAt = now() + VisibilityTimeout * 1000;
      });
    }
    if (command instanceof SendMessageCommand) {
      const { QueueUrl, ...entry } = command.input;
      const { Failed } = eachEntry('send', QueueUrl, [{ Id: '0', ...entry }], take);
      const [refused] = Failed;
      if (refused !== undefined) throw refusal(refused.Code ?? '');
      return {};
    }
    if (command instanceof ReceiveMessageCommand) {
      const {
        QueueUrl = '',
        MaxNumberOfMessages = 1,
        VisibilityTimeout = 30,
        MessageAttributeNames,
      } = command.input;
      if (faults.call?.('receive', queueNameIn(QueueUrl)) === 'fail') return {};
      const records = receive(QueueUrl, { max: MaxNumberOfMessages, visibilitySeconds: VisibilityTimeout });
      return { Messages: records.map((record) => messageOf(record, MessageAttributeNames)) };
    }
    if (command instanceof GetQueueAttributesCommand) {
      const { stored } = queueOf(command.input.QueueUrl ?? '');
      const visible = stored.filter(({ visibleAt }) => visibleAt <= now()).length;
      return { Attributes: { ApproximateNumberOfMessages: String(visible) } };
    }
    throw new Error('The SQS in memory does not know this command');
  }

  const sqs = { send } as Pick<SQSClient, 'send'>;
  return {
    sqs,
    queues: createQueues(sqs, { clock }),
    taken: (queueUrl) => queueOf(queueUrl).taken,
    stored: (queueUrl) => queueOf(queueUrl).stored,
    lose(queueUrl, id) {
      const { stored } = queueOf(queueUrl);
      const index = stored.findIndex((message) => message.id === id);
      if (index >= 0) stored.splice(index, 1);
    },
    left: (queueUrl) => queueOf(queueUrl).stored.length,
    put: (queueUrl, { body, attributes = {}, group }) =>
      store(queueOf(queueUrl), { body, attributes, group }),
    receive,
    calls,
    largest,
    swallowed: () => swallowed,
    faults,
  };
}

/** The received message in the SDK's form, with only the attributes that were requested. */
const messageOf = (
  { messageId, receiptHandle, body, messageAttributes }: SQSRecord,
  asked: readonly string[] = [],
): Message => ({
  MessageId: messageId,
  ReceiptHandle: receiptHandle,
  Body: body,
  MessageAttributes: Object.fromEntries(
    Object.entries(messageAttributes)
      .filter(([name]) => asked.includes(name))
      .map(([name, { dataType, stringValue }]) => [
        name,
        { DataType: dataType, ...(stringValue !== undefined && { StringValue: stringValue }) },
      ]),
  ),
});

const sizeOf = ({ MessageBody = '', MessageAttributes = {} }: SendMessageBatchRequestEntry): number =>
  Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType = '', StringValue = '' }]) =>
      sum + name.length + DataType.length + Buffer.byteLength(StringValue),
    Buffer.byteLength(MessageBody),
  );

const refusal = (name: string): Error => Object.assign(new Error(name), { name });

/** For `faults.entry`: refuses these of the entries that are sent, counted from 0 as they first come, and at every repeat. */
export function refusing(isRefused: (index: number) => boolean, code = 'InternalError') {
  const seen: string[] = [];
  return (operation: QueueOperation, _queue: string, entry: object): string | undefined => {
    if (operation !== 'send') return undefined;
    const { Id: _, ...content } = { Id: undefined, ...entry };
    const key = JSON.stringify(content);
    if (!seen.includes(key)) seen.push(key);
    return isRefused(seen.indexOf(key)) ? code : undefined;
  };
}
