// The message that `publish` sends, from its options. It is parsed as `route` parses it, so that an undeliverable one is refused
// with the reason.
import { randomUUID } from 'node:crypto';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import { isContentType, sendableHeaders } from '#lib/message/header.ts';
import { readPublished } from '#lib/message/published.ts';
import { LARGEST_MESSAGE_BYTES } from '#lib/message/size.ts';

export type MessageToPublish = {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
};

export type MessageOptions = {
  readonly topic?: string;
  readonly subscription?: string;
  readonly id?: string;
  readonly contentType?: string;
  readonly header: readonly string[];
  readonly key?: string;
};

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
const TEXT = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]+$/u;

/** The message of the options. Ends the command when a header would not reach the callback. */
export function messageOf(payload: Buffer, options: MessageOptions): MessageToPublish {
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
export function check({ body, attributes }: MessageToPublish): number {
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
