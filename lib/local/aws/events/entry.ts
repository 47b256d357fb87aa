// The entries of PutEvents: too many or too large ones fail the whole request, an invalid one fails alone.
import * as z from 'zod';
import { AwsError } from '#lib/local/aws/aws-json.ts';

const BYTES_MOST = 1_048_576;
// What a Date can hold.
const SECONDS_MOST = 8.64e12;

const entrySchema = z.object({
  Source: z.string().default(''),
  DetailType: z.string().default(''),
  Detail: z.string().default(''),
  EventBusName: z.string().default('default'),
  Resources: z.array(z.string()).default([]),
  /** Seconds since 1970. */
  Time: z.number().min(-SECONDS_MOST).max(SECONDS_MOST).optional(),
});
const requestSchema = z.object({ Entries: z.array(entrySchema).min(1).max(10) });

export type EventEntry = z.infer<typeof entrySchema>;
export type EntryFailure = { ErrorCode: string; ErrorMessage: string };

/** Reads the request's body. Throws AwsError. */
export function entriesFrom(body: Buffer): EventEntry[] {
  const parsed = requestSchema.safeParse(jsonFrom(body));
  if (!parsed.success) throw new AwsError('ValidationException', z.prettifyError(parsed.error));
  const bytes = parsed.data.Entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes < BYTES_MOST) return parsed.data.Entries;
  throw new AwsError(
    'ValidationException',
    `The entries have ${bytes} bytes; fewer than ${BYTES_MOST} may go.`,
  );
}

/** The detail of an entry, parsed, or why the entry fails. */
export function checkEntry(entry: EventEntry): { detail: object } | EntryFailure {
  const missing = (['Source', 'DetailType', 'Detail'] as const).find((name) => entry[name] === '');
  if (missing !== undefined) {
    return failure(
      'InvalidArgument',
      `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.`,
    );
  }
  if (entry.Source.startsWith('aws.')) {
    return failure('NotAuthorizedForSourceException', 'Not authorized for the source.');
  }
  const detail = objectFrom(entry.Detail);
  return detail === undefined ? failure('MalformedDetail', 'Detail is malformed.') : { detail };
}

export const failure = (ErrorCode: string, ErrorMessage: string): EntryFailure => ({
  ErrorCode,
  ErrorMessage,
});

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size
const sizeOf = ({ Time, Source, DetailType, Detail, Resources }: EventEntry): number =>
  [Source, DetailType, Detail, ...Resources].reduce((sum, text) => sum + Buffer.byteLength(text), 0) +
  (Time === undefined ? 0 : 14);

function jsonFrom(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (cause) {
    throw new AwsError('SerializationException', 'The body is no JSON.', { cause });
  }
}

function objectFrom(text: string): object | undefined {
  try {
    return z.record(z.string(), z.unknown()).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
