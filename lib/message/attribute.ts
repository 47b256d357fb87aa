// The one attribute that our own queues' messages carry: a JSON object with a version. Everything we add to a
// message is in it, since SQS takes ten attributes and the publisher's may be among them. Parsed here and nowhere else.
import type { SQSMessageAttributes } from 'aws-lambda';
import * as z from 'zod';

export const ATTRIBUTE = 'sqs-webhooks';

const common = {
  v: z.literal(1),
  // An empty one would be an empty key, and DynamoDB then refuses the whole read that it is part of.
  subscription: z.string().min(1),
  messageId: z.string().min(1),
  topic: z.string().optional(),
  contentType: z.string(),
  /** From the publisher; names in lower case. */
  headers: z.record(z.string(), z.string()),
  encoding: z.literal('base64').optional(),
  traceparent: z.string().optional(),
  /** Epoch milliseconds. */
  publishedAt: z.number(),
};

const deliverySchema = z.object({
  ...common,
  kind: z.literal('delivery'),
  /** What `webhook-attempt` says on the next attempt: 1 at first. */
  attempt: z.number().int().min(1),
  /** How often it was put on a queue of ours again; part of the deduplication id, so that SQS does not swallow it. */
  sends: z.number().int().min(0),
  replayId: z.string().optional(),
  /** Epoch milliseconds of the first attempt, once there was one. */
  firstAt: z.number().optional(),
});

/** One message on its way to one subscription. The body travels beside it, untouched. */
export type Delivery = Omit<z.infer<typeof deliverySchema>, 'v' | 'kind'>;

export const OUTCOMES = ['delivered', 'rejected', 'failed', 'unsent', 'unknown'] as const;

const deadLetterSchema = z.object({
  ...common,
  kind: z.literal('dead-letter'),
  endpoint: z.string(),
  /** Why it is here: the outcome, but for `lost`: another attempt was begun and never heard of again. */
  reason: z.enum(['rejected', 'failed', 'unsent', 'unknown', 'lost']),
  outcome: z.enum(OUTCOMES),
  status: z.number().optional(),
  attempts: z.number(),
  firstAt: z.number(),
  lastAt: z.number(),
  /** SQS's sequence number of the delivery in its lane: the order to replay in. */
  sequence: z.string(),
  replayId: z.string().optional(),
  /** The start of the answer's body, as text. */
  excerpt: z.string().optional(),
});

export type DeadLetter = Omit<z.infer<typeof deadLetterSchema>, 'v' | 'kind'>;

/** What has nowhere else to be, with the attributes it came with. */
export type Undeliverable = {
  readonly reason: string;
  readonly detail: string;
  /** The queue's name and the SQS message id it was found under. */
  readonly from: string;
  readonly sqsMessageId: string;
  readonly at: number;
  /** The publisher's message group, on a FIFO queue. */
  readonly group?: string;
  /** With SQS's data types; a binary value is in base64. */
  readonly attributes: Readonly<Record<string, { readonly type: string; readonly value: string }>>;
};

type Content =
  | { kind: 'delivery'; value: Delivery }
  | { kind: 'dead-letter'; value: DeadLetter }
  | { kind: 'undeliverable'; value: Undeliverable };

/** The attribute as JSON text that SQS takes: it refuses two characters that JSON would leave as they are. */
export function encodeAttribute({ kind, value }: Content): string {
  const json = JSON.stringify({ ...value, v: 1, kind });
  return json.replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string };

/** Reads a delivery's attribute; a fault is in words for the log and for `undeliverable`. */
export function decodeDelivery(attributes: SQSMessageAttributes): Parsed<Delivery> {
  return decode(attributes, deliverySchema);
}

export function decodeDeadLetter(attributes: SQSMessageAttributes): Parsed<DeadLetter> {
  return decode(attributes, deadLetterSchema);
}

function decode<T extends { v: 1; kind: string }>(
  attributes: SQSMessageAttributes,
  schema: z.ZodType<T>,
): Parsed<Omit<T, 'v' | 'kind'>> {
  const text = attributes[ATTRIBUTE]?.stringValue;
  if (text === undefined) return { ok: false, detail: `attribute ${ATTRIBUTE}: is missing` };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, detail: `attribute ${ATTRIBUTE}: is not JSON` };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) {
    // A delivery may go on as a dead letter: it must not carry its old kind along.
    const { v: _, kind: __, ...value } = parsed.data;
    return { ok: true, value };
  }
  const [issue] = parsed.error.issues;
  return { ok: false, detail: `attribute ${ATTRIBUTE}: ${issue?.path.join('.')}: ${issue?.message}` };
}
