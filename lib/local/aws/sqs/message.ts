// A message as it was sent, and what SQS refuses of it: characters, size, attributes.
// What happens to it in a queue is in store.ts.
import { invalidValue, missing, Refusal } from './refusal.ts';

export type Attribute = {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  /** Base64, as on the wire. */
  readonly BinaryValue?: string | undefined;
};

export type Attributes = Readonly<Record<string, Attribute>>;

/** What a caller wants sent: the parameters of SendMessage, or an entry of SendMessageBatch. */
export type Draft = {
  readonly MessageBody: string;
  readonly DelaySeconds?: number | undefined;
  readonly MessageAttributes?: Attributes | undefined;
  readonly MessageSystemAttributes?: Attributes | undefined;
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
};

export type Message = {
  readonly id: string;
  readonly body: string;
  readonly attributes: Attributes;
  readonly systemAttributes: Attributes;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly sentAt: number;
};

/** 1 MiB: the most for a message and for all of a batch. */
export const MAX_BYTES = 1_048_576;

const MAX_ATTRIBUTES = 10;
// What is not a character of XML 1.0; a lone half of a surrogate pair is none either.
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const ATTRIBUTE_NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const ATTRIBUTE_TYPE = /^(String|Number|Binary)(\..+)?$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const PRINTABLE_ID = /^[!-~]{1,128}$/;

/** Bytes as SQS counts them: body, and of each attribute its name, type and value. */
export function sizeOf(draft: Draft): number {
  let size = Buffer.byteLength(draft.MessageBody);
  for (const [name, attribute] of Object.entries(draft.MessageAttributes ?? {})) {
    size += Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType);
    size += Buffer.byteLength(attribute.StringValue ?? '');
    size += Buffer.byteLength(attribute.BinaryValue ?? '', 'base64');
  }
  return size;
}

/** Throws a Refusal for a draft that no queue would take; what depends on the queue's kind is checked there. */
export function checkDraft(draft: Draft, maxBytes: number): void {
  if (draft.MessageBody === '') throw missing('MessageBody');
  if (FORBIDDEN.test(draft.MessageBody)) {
    throw new Refusal(
      'InvalidMessageContents',
      'The body has characters that SQS does not take: allowed is what XML 1.0 allows.',
    );
  }
  for (const parameter of ['MessageGroupId', 'MessageDeduplicationId'] as const) {
    const id = draft[parameter];
    if (id !== undefined && !PRINTABLE_ID.test(id)) {
      throw invalidValue(parameter, id, 'Must be 1 to 128 letters, digits and punctuation marks.');
    }
  }
  checkAttributes(draft.MessageAttributes ?? {});
  checkSystemAttributes(draft.MessageSystemAttributes ?? {});
  if (sizeOf(draft) > maxBytes) {
    throw new Refusal(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes + 1} bytes.`,
    );
  }
}

function checkAttributes(attributes: Attributes): void {
  const entries = Object.entries(attributes);
  if (entries.length > MAX_ATTRIBUTES) {
    throw new Refusal(
      'InvalidParameterValue',
      `A message has at most ${MAX_ATTRIBUTES} attributes, this one ${entries.length}.`,
    );
  }
  for (const [name, attribute] of entries) {
    if (name.length > 256 || !ATTRIBUTE_NAME.test(name) || /^(aws|amazon)\./i.test(name)) {
      throw new Refusal('InvalidParameterValue', `The message attribute name '${name}' is invalid.`);
    }
    checkAttribute(name, attribute);
  }
}

function checkAttribute(name: string, { DataType, StringValue, BinaryValue }: Attribute): void {
  const refuse = (reason: string): Refusal =>
    new Refusal('InvalidParameterValue', `The message attribute '${name}' is invalid. Reason: ${reason}`);
  if (DataType.length > 256 || !ATTRIBUTE_TYPE.test(DataType)) {
    throw refuse('Its type must be String, Number or Binary, with an optional suffix.');
  }
  const value = DataType.startsWith('Binary') ? BinaryValue : StringValue;
  const other = DataType.startsWith('Binary') ? StringValue : BinaryValue;
  if (value === undefined || value === '' || other !== undefined) {
    throw refuse(`It must contain a non-empty value of type ${DataType}.`);
  }
  if (DataType.startsWith('Binary')) return;
  if (FORBIDDEN.test(value)) {
    throw new Refusal(
      'InvalidMessageContents',
      `The message attribute '${name}' has characters that SQS does not take.`,
    );
  }
  if (DataType.startsWith('Number') && !NUMBER.test(value)) throw refuse(`'${value}' is not a number.`);
}

function checkSystemAttributes(attributes: Attributes): void {
  for (const [name, { DataType, StringValue }] of Object.entries(attributes)) {
    if (name !== 'AWSTraceHeader' || DataType !== 'String' || !StringValue) {
      throw new Refusal(
        'InvalidParameterValue',
        `The message system attribute '${name}' is invalid: AWSTraceHeader, a String, is the only one.`,
      );
    }
  }
}
