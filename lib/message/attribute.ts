// The attribute `sqs-webhooks` of messages on our own queues: a JSON object with a version. It holds all that we add to a
// message, since SQS takes ten attributes and the publisher's may be among them. It is parsed here only.
import type { SQSMessageAttributes } from 'aws-lambda';
import * as z from 'zod';
import { travellingHeaders } from './header.ts';
import { type Token, tokenSchema } from './token.ts';

export const ATTRIBUTE = 'sqs-webhooks';

const common = {
  // An empty id would make an empty key, and DynamoDB would refuse the whole batch read that contains it.
  subscription: z.string().min(1),
  messageId: z.string().min(1),
  topic: z.string().optional(),
  contentType: z.string(),
  /** The publisher's headers, names in lower case. */
  headers: z.record(z.string(), z.string()).transform((headers) => travellingHeaders(headers).kept),
  encoding: z.literal('base64').optional(),
  /** The key whose messages keep their order (key.ts); undefined: the message id. */
  key: z.string().optional(),
  traceparent: z.string().optional(),
  tracestate: z.string().optional(),
  /** Epoch milliseconds. */
  publishedAt: z.number(),
};

export const deliverySchema = z.object({
  ...common,
  /** Value of `webhook-attempt` on the next attempt; 1 at first. */
  attempt: z.number().int().min(1),
  /** How many times it was sent again to one of our queues: part of the deduplication id, so that SQS keeps it. */
  sends: z.number().int().min(0),
  replayId: z.string().optional(),
  /** Addressed to this subscription by its id, by the publisher, by a redrive or by a person: its filter does not apply. */
  direct: z.literal(true).optional(),
  /** The publisher's sequence number in messages.fifo: the order of a key's messages, whichever lanes they went through. */
  place: z.string().optional(),
  /** Epoch milliseconds of the first attempt; undefined before it. */
  firstAt: z.number().optional(),
  /** Retries by the `retry` block since its subscription was resumed. */
  retries: z.number().int().optional(),
  /** Epoch milliseconds: while it waits in `retries`, it is not attempted earlier. */
  notBefore: z.number().optional(),
  /** How many times it went through `retries`. */
  hops: z.number().int().optional(),
  /** How many times it was replayed as a dead letter. */
  rounds: z.number().int().optional(),
  /** Id of the batch in which the message was last sent. A retry sends the same batch again. */
  batch: z.string().optional(),
  /** Only for a replayed dead letter: the sequence number that the message had in its lane before. */
  sequence: z.string().optional(),
});

/** One message for one subscription. The body travels beside it, unchanged. */
export type Delivery = z.infer<typeof deliverySchema>;

export const OUTCOMES = ['delivered', 'rejected', 'failed', 'unsent', 'unknown'] as const;

const deadLetterSchema = z.object({
  ...common,
  endpoint: z.string(),
  /** The tenant of its subscription when it became a dead letter: an endpoint with a tenant takes only that tenant's. */
  tenant: z.string().optional(),
  /** An outcome; `lost`: an attempt left no trace; `crashing`: poison; `expired`: too old; `asked`: by a person. */
  reason: z.enum(['rejected', 'failed', 'unsent', 'unknown', 'lost', 'crashing', 'expired', 'asked']),
  outcome: z.enum(OUTCOMES).optional(),
  status: z.number().optional(),
  /** The cause where no status says it: a code of the list in OPERATORS.md. */
  code: z.string().optional(),
  attempts: z.number(),
  firstAt: z.number(),
  lastAt: z.number(),
  /** SQS's sequence number of the delivery in its lane: the order in which to replay. */
  sequence: z.string(),
  replayId: z.string().optional(),
  rounds: z.number().int().optional(),
  /** The start of the answer's body, as text. */
  excerpt: z.string().optional(),
  /** How many times it was put back on `dead-letters` because its endpoint was down. */
  hops: z.number().int().min(0).optional(),
  /** Epoch milliseconds since when it has waited for its endpoint. */
  waitsSince: z.number().optional(),
});

export type DeadLetter = z.infer<typeof deadLetterSchema>;
/** A dead letter as the endpoint gets it, without the fields about its way there. */
export type ForwardedDeadLetter = Omit<DeadLetter, 'hops' | 'waitsSince'>;

const undeliverableSchema = z.object({
  reason: z.string(),
  detail: z.string(),
  /** Name of the queue, and the SQS message id there. */
  from: z.string(),
  sqsMessageId: z.string(),
  at: z.number(),
  /** SQS's sequence number of a delivery in its lane. */
  sequence: z.string().optional(),
  /** The publisher's message group. On a standard queue it is a hint for fairness. */
  group: z.string().optional(),
  /** The original attributes with SQS's data types; binary values in base64. */
  attributes: z.record(z.string(), z.object({ type: z.string(), value: z.string() })),
});

/** A message in `undeliverable`, with its original attributes. */
export type Undeliverable = z.infer<typeof undeliverableSchema>;

type Content =
  | { kind: 'delivery'; value: Delivery }
  | { kind: 'token'; value: Token }
  | { kind: 'dead-letter'; value: DeadLetter }
  | { kind: 'undeliverable'; value: Undeliverable };

/** Returns the attribute as JSON text, with the two characters escaped that SQS refuses. */
export function encodeAttribute({ kind, value }: Content): string {
  const json = JSON.stringify({ ...value, v: 1, kind });
  return json.replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

type Kind = Content['kind'];

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string };

export type LaneMessage = Extract<Content, { kind: 'delivery' | 'token' }>;

/** Parses the attribute of a message in a lane. A fault is a sentence for the log and for `undeliverable`. */
export function decodeLaneMessage(attributes: SQSMessageAttributes): Parsed<LaneMessage> {
  const read = contentOf(attributes, ['delivery', 'token']);
  if (!read.ok) return read;
  if (read.value.kind === 'token') {
    const token = parse(read.value, tokenSchema, PLACE);
    return token.ok ? { ok: true, value: { kind: 'token', value: token.value } } : token;
  }
  const delivery = parse(read.value, deliverySchema, PLACE);
  return delivery.ok ? { ok: true, value: { kind: 'delivery', value: delivery.value } } : delivery;
}

/** Parses the attribute of a delivery. */
export const decodeDelivery = (attributes: SQSMessageAttributes): Parsed<Delivery> =>
  decode(attributes, 'delivery', deliverySchema);

/** Parses the attribute of a dead letter. A fault is a sentence. */
export const decodeDeadLetter = (attributes: SQSMessageAttributes): Parsed<DeadLetter> =>
  decode(attributes, 'dead-letter', deadLetterSchema);

/** Parses a dead letter's fields that did not come as the attribute's JSON, such as Kafka headers. */
export const parseDeadLetter = (fields: Record<string, unknown>): Parsed<DeadLetter> =>
  parse(fields, deadLetterSchema, '');

/** Parses the attribute of a message in `undeliverable`. A fault is a sentence. */
export const decodeUndeliverable = (attributes: SQSMessageAttributes): Parsed<Undeliverable> =>
  decode(attributes, 'undeliverable', undeliverableSchema);

function decode<T>(attributes: SQSMessageAttributes, kind: Kind, schema: z.ZodType<T>): Parsed<T> {
  const read = contentOf(attributes, [kind]);
  return read.ok ? parse(read.value, schema, PLACE) : read;
}

const PLACE = `attribute ${ATTRIBUTE}: `;
const fault = (what: string): { ok: false; detail: string } => ({ ok: false, detail: `${PLACE}${what}` });

/** Returns the attribute's JSON when version and kind are right; the schemas read the rest. */
function contentOf<K extends Kind>(
  attributes: SQSMessageAttributes,
  kinds: readonly K[],
): Parsed<{ readonly kind: K }> {
  const text = attributes[ATTRIBUTE]?.stringValue;
  if (text === undefined) return fault('is missing');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fault('is not JSON');
  }
  if (typeof json !== 'object' || json === null) return fault('is no JSON object');
  if (!('v' in json) || json.v !== 1) return fault('v: is no version that is known here');
  return isOfKind(json, kinds) ? { ok: true, value: json } : fault(`kind: is not ${kinds.join(' or ')}`);
}

const isOfKind = <K extends Kind>(json: object, kinds: readonly K[]): json is { kind: K } =>
  'kind' in json && kinds.some((kind) => kind === json.kind);

/** Unknown fields are dropped. */
function parse<T>(fields: object, schema: z.ZodType<T>, place: string): Parsed<T> {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, detail: `${place}${issue?.path.join('.')}: ${issue?.message}` };
}
