// `publish`: messages are parsed as `route` parses them before they are sent, so that an undeliverable one is refused with
// the reason.

import { randomUUID } from 'node:crypto';
import {
  type BatchResultErrorEntry,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
} from '@aws-sdk/client-sqs';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { readInput } from '#lib/cli/terminal/input.ts';
import { isContentType, sendableHeaders } from '#lib/message/header.ts';
import { readPublished } from '#lib/message/published.ts';
import { LARGEST_MESSAGE_BYTES } from '#lib/message/size.ts';
import { mayPassLater, REAL_CLOCK, untilProcessed } from '#lib/queue/unprocessed.ts';

export type PublishOptions = {
  readonly topic?: string;
  readonly subscription?: string;
  readonly file?: string;
  readonly id?: string;
  readonly contentType?: string;
  readonly header: readonly string[];
  readonly group?: string;
  readonly key?: string;
  readonly count: number;
};

type Message = { readonly body: string; readonly attributes: Readonly<Record<string, string>> };

const CALLS_AT_ONCE = 8;

/** Publishes the messages of a file or of the options, and prints their ids. */
export async function publishMessages(
  body: string | undefined,
  options: PublishOptions,
  context: CommandContext,
): Promise<void> {
  const { count, group } = options;
  const message = messageOf(await payloadOf(body, options, context), options);
  const perCall = check(message);
  const QueueUrl = await context.queueUrl(group === undefined ? 'messages' : 'messages.fifo');
  const sqs = await context.sqs();
  const progress = context.progress('Publishing');
  const sent: { id: string; sqsMessageId: string }[] = [];
  const idOf = (index: number) =>
    options.id === undefined || count === 1 ? options.id : `${options.id}-${index + 1}`;

  async function send(start: number): Promise<void> {
    const Entries = Array.from({ length: Math.min(perCall, count - start) }, (_, at) =>
      entryOf(message, { index: start + at, id: idOf(start + at), group }),
    );
    let refused: BatchResultErrorEntry | undefined;
    await untilProcessed(
      Entries,
      async (left) => {
        const { Successful = [], Failed = [] } = await sqs.send(
          new SendMessageBatchCommand({ QueueUrl, Entries: left }),
        );
        for (const { Id, MessageId = '' } of Successful)
          sent.push({ id: idOf(Number(Id)) ?? MessageId, sqsMessageId: MessageId });
        progress.at(sent.length, count);
        refused = Failed.find((entry) => !mayPassLater(entry)) ?? Failed[0];
        const undone = new Set(Failed.map(({ Id }) => Id));
        const isOver = undone.size === 0 || Failed.some((entry) => !mayPassLater(entry));
        return isOver ? undefined : left.filter(({ Id }) => undone.has(Id));
      },
      REAL_CLOCK,
    );
    if (refused !== undefined)
      throw new CommandFailed(
        `SQS refused message ${Number(refused.Id) + 1} (${refused.Code}: ${refused.Message}); ${sent.length} of ${count} were published.`,
      );
  }

  try {
    // A message group gets one call at a time, because parallel calls have no order.
    const atOnce = group === undefined ? CALLS_AT_ONCE : 1;
    for (let start = 0; start < count; start += perCall * atOnce) {
      const calls = Array.from({ length: atOnce }, (_, call) => start + call * perCall);
      await Promise.all(calls.filter((at) => at < count).map(send));
    }
  } finally {
    progress.end();
  }
  context.print.result({ published: sent.length, messages: sent }, () =>
    count === 1 ? `Published with the id ${sent[0]?.id}.` : `Published ${sent.length} messages.`,
  );
}

async function payloadOf(
  body: string | undefined,
  { file }: PublishOptions,
  { io }: Pick<CommandContext, 'io'>,
): Promise<Buffer> {
  if ((body === undefined) === (file === undefined))
    throw new CommandFailed('Give one payload: as the argument, or with --file (- for standard input).', 2);
  return file === undefined ? Buffer.from(body ?? '') : await readInput(file, io);
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
const TEXT = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]+$/u;

function messageOf(payload: Buffer, options: PublishOptions): Message {
  const { topic, subscription, contentType } = options;
  const text = payload.toString('utf8');
  const isText = TEXT.test(text) && Buffer.from(text).equals(payload);
  const headers = options.header.map(headerIn);
  checkHeaders(headers, contentType);
  const attributes = {
    ...(topic !== undefined && { topic }),
    ...(subscription !== undefined && { subscription }),
    ...(contentType !== undefined && { 'content-type': contentType }),
    ...(headers.length > 0 && { headers: JSON.stringify(Object.fromEntries(headers)) }),
    ...(!isText && { encoding: 'base64' }),
    ...(options.id !== undefined && { id: options.id }),
    ...(options.key !== undefined && { key: options.key }),
  };
  // SQS refuses an empty body.
  return { body: isText ? text : payload.toString('base64') || '=', attributes };
}

function headerIn(text: string): [string, string] {
  const [, name, value] = /^([^:]+):\s*(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new CommandFailed(
      `--header is "${text}"; it must be a name and a value: --header "x-tenant: acme".`,
      2,
    );
  return [name.trim(), value];
}

/** Ends the command when a header would not reach the callback. */
function checkHeaders(
  headers: readonly (readonly [string, string])[],
  contentType: string | undefined,
): void {
  const refuse = (name: string, why: string): never => {
    throw new CommandFailed(`The header ${name} would not be sent: ${why}.`, 2);
  };
  const names = headers.map(([name]) => name.toLowerCase());
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) refuse(repeated, 'it is given twice; join the values, separated by a comma');
  const { 'content-type': type, ...rest } = Object.fromEntries(
    headers.map(([name, value], at) => [names[at] ?? name, value]),
  );
  if (type !== undefined && contentType !== undefined) refuse('content-type', '--content-type is given too');
  if (type !== undefined && !isContentType(type))
    refuse('content-type', 'it is no media type, such as application/json');
  const [first] = sendableHeaders(rest).dropped;
  if (first !== undefined) refuse(first.name, first.why);
}

/** Ends the command when a message could not be routed. Returns how many messages fit into one call. */
function check({ body, attributes }: Message): number {
  const reading = readPublished({
    messageId: randomUUID(),
    receiptHandle: '',
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '0',
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, stringValue]) => [name, { dataType: 'String', stringValue }]),
    ),
    md5OfBody: '',
    eventSource: '',
    eventSourceARN: '',
    awsRegion: '',
  });
  if (!reading.ok) {
    const { reason, detail } = reading.unroutable;
    throw new CommandFailed(
      reason === 'no-address'
        ? `Name the receiver with --topic or --subscription: ${detail}.`
        : `The message would be undeliverable: ${detail}.`,
      2,
    );
  }
  const bytes = Object.entries(attributes).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + 'String'.length,
    Buffer.byteLength(body),
  );
  if (bytes > LARGEST_MESSAGE_BYTES)
    throw new CommandFailed(
      `The message has ${bytes} bytes with its attributes; the queue's limit is ${LARGEST_MESSAGE_BYTES}: publish a reference to the data instead.`,
    );
  return Math.max(1, Math.min(10, Math.floor(LARGEST_MESSAGE_BYTES / bytes)));
}

function entryOf(
  { body, attributes }: Message,
  { index, id, group }: { index: number; id: string | undefined; group: string | undefined },
): SendMessageBatchRequestEntry {
  const own = { ...attributes, ...(id !== undefined && { id }) };
  return {
    Id: String(index),
    MessageBody: body,
    MessageAttributes: Object.fromEntries(
      Object.entries(own).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    ),
    ...(group !== undefined && { MessageGroupId: group, MessageDeduplicationId: randomUUID() }),
  };
}
