// Messages in a file, as a filter sees them: `{body, headers, topic, key}`, or an SQS event as `route` gets it.
import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { Io } from '#lib/cli/terminal/context.ts';
import { refuseItem } from '#lib/cli/terminal/faults.ts';
import { type Given, readItems } from '#lib/cli/terminal/input.ts';
import type { Filterable } from '#lib/filter/event.ts';
import { readField } from '#lib/item/fault.ts';
import { field } from '#lib/item/field.ts';
import { isObject } from '#lib/item/json.ts';
import { readPublished } from '#lib/message/published.ts';

export type SampleMessage = Filterable & {
  /** Where it is in the file, for people. */
  readonly from: string;
  /** Set when the message is addressed to one subscription. */
  readonly subscription?: string | undefined;
};

const sample = field(() =>
  z.strictObject({
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).default({}),
    topic: z.string().optional(),
    key: z.string().optional(),
  }),
);

/** Reads the messages of a file. Ends the command when one is none. */
export async function readSampleMessages(
  file: string,
  io: Pick<Io, 'stdin'>,
): Promise<readonly SampleMessage[]> {
  return (await readItems(file, io)).flatMap(messagesIn);
}

function messagesIn({ from, item }: Given): readonly SampleMessage[] {
  const records: unknown = item.Records;
  if (!Array.isArray(records)) return [fromObject(from, item)];
  return records.map((record: unknown, index) => fromRecord(`${from}, record ${index + 1}`, record));
}

function fromObject(from: string, item: Given['item']): SampleMessage {
  const reading = readField(sample, item, []);
  if (!reading.ok) return refuseItem(from, reading.faults);
  const { body, headers, topic, key } = reading.value;
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const { 'content-type': contentType = 'application/json', ...others } = lower;
  return {
    from,
    // A text is the body itself, which may be JSON all the same.
    body: typeof body === 'string' ? body : (JSON.stringify(body) ?? ''),
    contentType,
    headers: others,
    topic,
    key,
  };
}

function fromRecord(from: string, record: unknown): SampleMessage {
  if (!isRecord(record))
    throw new CommandFailed(
      `${from}: is no record of SQS: give body, messageAttributes and attributes, as Lambda does.`,
    );
  const reading = readPublished(record);
  if (!reading.ok) throw new CommandFailed(`${from}: would be undeliverable: ${reading.unroutable.detail}.`);
  return { from, ...reading.message };
}

const isRecord = (record: unknown): record is SQSRecord =>
  isObject(record) &&
  typeof record.body === 'string' &&
  typeof record.messageId === 'string' &&
  isObject(record.attributes) &&
  isObject(record.messageAttributes) &&
  Object.values(record.messageAttributes).every(isObject);
