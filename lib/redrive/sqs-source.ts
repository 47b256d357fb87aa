// Letters of an SQS queue. What is read is out of sight while it is held: what is sent is deleted after the confirmed
// send, everything else becomes visible again. An empty receive is not an empty queue: SQS asks only some of its
// servers, so that it is over after several in a row.
import {
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSMessageAttributes } from 'aws-lambda';
import { nameOf } from '#lib/log.ts';
import { ATTRIBUTE } from '#lib/message/attribute.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { type Reading, readQueued } from './letter.ts';
import { type Item, type Page, type Room, type Source, SourceUnreadable } from './source.ts';

export type SqsSourceDeps = {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
  readonly now: () => number;
};

type Options = {
  /** Epoch milliseconds: when the call ends. */
  readonly endsAt: number;
  /** A dry run looks at a part of a long queue: all that it looks at is out of others' sight meanwhile. */
  readonly dryRun: boolean;
};

/** A long poll asks all servers: after so many in a row that found nothing, and a count of none, it is over. */
const EMPTY_RECEIVES = 2;
/** While SQS counts messages that it does not give, so many. */
const EMPTY_RECEIVES_MOST = 6;
const WAIT_SECONDS = 1;
const RECEIVERS = 5;
/** Between two calls of one cursor what stays is out of sight, or it would be read again each time. */
const BETWEEN_CALLS_SECONDS = 120;
const RESERVE_SECONDS = 60;
const DELETES = 3;
/** SQS has 120,000 messages in flight at most. */
const HELD_MOST = 100_000;
const HELD_MOST_DRY = 10_000;

/** Opens a queue. Throws SourceUnreadable where it can't be read. */
export async function openQueue(
  { endsAt, dryRun }: Options,
  { sqs, queueUrl, now }: SqsSourceDeps,
): Promise<Source<string>> {
  const isFifo = queueUrl.endsWith('.fifo');
  const attributes = await ask(['ApproximateNumberOfMessages', 'RedrivePolicy']);
  const heldMost = dryRun ? HELD_MOST_DRY : HELD_MOST;
  const notes = notesOf({ isFifo, hasRedrivePolicy: attributes.RedrivePolicy !== undefined });
  const queues = createQueues(sqs);
  /** By receipt handle what is held: what stays where it is, and what is wanted and not sent yet. */
  const held = new Map<string, 'stays' | 'wanted'>();
  /** Received, and not looked at yet: ten come at once, and there may have been room for three. */
  const waiting: Message[] = [];
  let seen = 0;
  /** Receives in a row that found nothing. */
  let empties = 0;

  async function ask(names: ('ApproximateNumberOfMessages' | 'RedrivePolicy')[]) {
    try {
      const answer = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: names }),
      );
      return answer.Attributes ?? {};
    } catch (cause) {
      throw unreadable(queueUrl, cause);
    }
  }

  async function receive(waitSeconds: number): Promise<readonly Message[]> {
    try {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: waitSeconds,
          VisibilityTimeout: Math.ceil(Math.max(0, endsAt - now()) / 1000) + RESERVE_SECONDS,
          MessageAttributeNames: [ATTRIBUTE],
        }),
      );
      return Messages;
    } catch (cause) {
      throw unreadable(queueUrl, cause);
    }
  }

  async function read(room: Room, wants: (reading: Reading) => boolean): Promise<Page<string>> {
    const wanted: Item<string>[] = [];
    let bytes = 0;
    const hasRoom = () => wanted.length < room.letters && bytes < room.bytes;

    function look(): void {
      while (hasRoom()) {
        const message = waiting.shift();
        if (message === undefined) return;
        const { Body = '', ReceiptHandle = '', MessageAttributes } = message;
        seen += 1;
        const reading = readQueued(Body, attributesOf(MessageAttributes));
        const isWanted = wants(reading) && reading.ok;
        held.set(ReceiptHandle, isWanted ? 'wanted' : 'stays');
        if (isWanted) wanted.push({ found: reading.found, place: ReceiptHandle });
        bytes += isWanted ? Body.length : 0;
      }
    }

    look();
    while (hasRoom() && now() < room.until) {
      if (held.size >= heldMost) {
        notes.push(
          `Only ${seen} letters were looked at: what is looked at and stays is out of sight meanwhile.`,
        );
        return { wanted, ended: true };
      }
      // In a FIFO queue what is held stands before what follows it: the sooner it is sent, the sooner that comes.
      const isHeldUp = isFifo && wanted.length > 0;
      const receivers = empties > 0 || isHeldUp ? 1 : RECEIVERS;
      const received = await Promise.all(
        Array.from({ length: receivers }, () => receive(isHeldUp ? 0 : WAIT_SECONDS)),
      );
      waiting.push(...received.flat());
      if (waiting.length > 0) empties = 0;
      else if (isHeldUp) break;
      else empties += 1;
      look();
      if (empties >= EMPTY_RECEIVES_MOST) return { wanted, ended: true };
      // SQS's count is as approximate as an empty receive: both together are an end.
      if (empties >= EMPTY_RECEIVES && (await visible()) === 0) return { wanted, ended: true };
    }
    return { wanted, ended: false };
  }

  const visible = async () =>
    Number((await ask(['ApproximateNumberOfMessages'])).ApproximateNumberOfMessages);

  return {
    read,
    notes,
    async settle(items) {
      let handles = items.map(({ place }) => place);
      for (let tries = 0; handles.length > 0 && tries < DELETES; tries += 1) {
        const confirmations = await queues.remove(queueUrl, handles);
        handles = handles.filter((_, index) => confirmations[index] !== undefined);
      }
      // It was sent: where it can't be deleted, the longer it is out of sight the better.
      for (const { place } of items) held.delete(place);
      return handles.length;
    },
    leave(items) {
      for (const { place } of items) held.set(place, 'stays');
    },
    async progress() {
      const unsent = [...held.values()].filter((fate) => fate === 'wanted').length;
      const more = await visible().catch(() => 0);
      return { seen: seen - unsent, left: more + waiting.length + unsent };
    },
    partitions: () => undefined,
    async close({ more }) {
      for (const { ReceiptHandle = '' } of waiting) held.set(ReceiptHandle, 'wanted');
      const entries = [...held].map(([receiptHandle, fate]) => ({
        receiptHandle,
        seconds: more && fate === 'stays' ? BETWEEN_CALLS_SECONDS : 0,
      }));
      // What can't be given back comes back by itself, when it has been out of sight for long enough.
      for (let start = 0; start < entries.length; start += 100) {
        const tens = Array.from({ length: 10 }, (_, ten) =>
          entries.slice(start + ten * 10, start + ten * 10 + 10),
        );
        await Promise.all(tens.map((entries) => queues.hide(queueUrl, entries)));
      }
    },
  };
}

function notesOf({ isFifo, hasRedrivePolicy }: { isFifo: boolean; hasRedrivePolicy: boolean }): string[] {
  const notes: string[] = [];
  if (isFifo) {
    notes.push(
      'The queue is FIFO: what stays stands before what follows it in its message group, which can not be looked at.',
    );
  }
  if (hasRedrivePolicy) {
    notes.push(
      'The queue has a redrive policy of its own: every look at it, a dry run too, counts as a receive, and SQS moves away what was received too often.',
    );
  }
  return notes;
}

function attributesOf(attributes: Message['MessageAttributes'] = {}): SQSMessageAttributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { StringValue, DataType = '' }]) => [
      name,
      { ...(StringValue !== undefined && { stringValue: StringValue }), dataType: DataType },
    ]),
  );
}

const WHY: ReadonlyMap<string, string> = new Map([
  ['QueueDoesNotExist', 'there is no such queue'],
  ['AWS.SimpleQueueService.NonExistentQueue', 'there is no such queue'],
  [
    'AccessDenied',
    "the function may not read it: name the queue's ARN in the parameter sqsEndpointArns and deploy",
  ],
  [
    'AccessDeniedException',
    "the function may not read it: name the queue's ARN in the parameter sqsEndpointArns and deploy",
  ],
]);

function unreadable(queueUrl: string, cause: unknown): Error {
  const name = cause instanceof Error ? cause.name : 'Unknown';
  return new SourceUnreadable(`the queue ${queueUrl} can't be read: ${WHY.get(name) ?? nameOf(cause)}`, {
    cause,
  });
}
