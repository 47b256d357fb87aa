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
  tracestate: z.string().optional(),
  /** Epoch milliseconds. */
  publishedAt: z.number(),
};

export const deliverySchema = z.object({
  ...common,
  kind: z.literal('delivery'),
  /** What `webhook-attempt` says on the next attempt: 1 at first. */
  attempt: z.number().int().min(1),
  /** How often it was put on a queue of ours again; part of the deduplication id, so that SQS does not swallow it. */
  sends: z.number().int().min(0),
  replayId: z.string().optional(),
  /** Epoch milliseconds of the first attempt, once there was one. */
  firstAt: z.number().optional(),
  /** How often it was sent again by the `retry` block since its subscription went on. */
  retries: z.number().int().optional(),
  /** Epoch milliseconds: on its way through `retries`, not to be tried before. */
  notBefore: z.number().optional(),
  /** How often it went through `retries`. */
  hops: z.number().int().optional(),
  /** How often it was a dead letter that was replayed. */
  rounds: z.number().int().optional(),
});

/** One message on its way to one subscription. The body travels beside it, untouched. */
export type Delivery = Omit<z.infer<typeof deliverySchema>, 'v' | 'kind'>;

const commandSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('skip'), entry: z.string() }),
  z.object({ do: z.literal('dead-letter'), entry: z.string() }),
  // `heldAt`: since when, epoch milliseconds. Sent and held anew it is another, and so is the token, for SQS too.
  z.object({ do: z.literal('send-held'), messageId: z.string(), heldAt: z.number().optional() }),
  z.object({ do: z.literal('discard-held'), messageId: z.string(), heldAt: z.number().optional() }),
  /** What of these was held before this time, epoch milliseconds, has been held too long. */
  z.object({ do: z.literal('expire-held'), messageIds: z.array(z.string()), before: z.number() }),
  /** The subscription is gone: everything to `undeliverable`. */
  z.object({ do: z.literal('purge') }),
  /** What was parked before this time, epoch milliseconds, has waited too long. */
  z.object({ do: z.literal('expire'), before: z.number() }),
]);

const tokenSchema = z.object({
  v: z.literal(1),
  kind: z.literal('token'),
  subscription: z.string(),
  lane: z.number().int(),
  /** It drains the lane if this is the lane's number; a command is done whatever the number. */
  drain: z.number().int(),
  command: commandSchema.optional(),
  /** On its way through `retries`, not to be put into the lane before; epoch milliseconds. */
  notBefore: z.number().optional(),
});

/** What is done to one entry, one held message or a whole lane, under the lane's group like everything else. */
export type Command = z.infer<typeof commandSchema>;
/** Holds a lane's group while it drains the lane's backlog. */
export type Token = Omit<z.infer<typeof tokenSchema>, 'v' | 'kind'>;

export const OUTCOMES = ['delivered', 'rejected', 'failed', 'unsent', 'unknown'] as const;

const deadLetterSchema = z.object({
  ...common,
  kind: z.literal('dead-letter'),
  endpoint: z.string(),
  /** Why it is here: the outcome, but for `lost`: another attempt was begun and never heard of again. */
  reason: z.enum(['rejected', 'failed', 'unsent', 'unknown', 'lost', 'crashing', 'expired', 'asked']),
  outcome: z.enum(OUTCOMES).optional(),
  status: z.number().optional(),
  attempts: z.number(),
  firstAt: z.number(),
  lastAt: z.number(),
  /** SQS's sequence number of the delivery in its lane: the order to replay in. */
  sequence: z.string(),
  replayId: z.string().optional(),
  rounds: z.number().int().optional(),
  /** The start of the answer's body, as text. */
  excerpt: z.string().optional(),
  /** How often it was put on `dead-letters` again because its endpoint was out of order. */
  hops: z.number().int().min(0).optional(),
  /** Epoch milliseconds: since when it waits for its endpoint. */
  waitsSince: z.number().optional(),
});

export type DeadLetter = Omit<z.infer<typeof deadLetterSchema>, 'v' | 'kind'>;
/** As an endpoint gets it: of its way there it says nothing. */
export type Letter = Omit<DeadLetter, 'hops' | 'waitsSince'>;

const undeliverableSchema = z.object({
  v: z.literal(1),
  kind: z.literal('undeliverable'),
  reason: z.string(),
  detail: z.string(),
  /** The queue's name and the SQS message id it was found under. */
  from: z.string(),
  sqsMessageId: z.string(),
  at: z.number(),
  /** The publisher's message group, on a FIFO queue. */
  group: z.string().optional(),
  /** With SQS's data types; a binary value is in base64. */
  attributes: z.record(z.string(), z.object({ type: z.string(), value: z.string() })),
});

/** What has nowhere else to be, with the attributes it came with. */
export type Undeliverable = Omit<z.infer<typeof undeliverableSchema>, 'v' | 'kind'>;

type Content =
  | { kind: 'delivery'; value: Delivery }
  | { kind: 'token'; value: Token }
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

const laneMessageSchema = z.discriminatedUnion('kind', [deliverySchema, tokenSchema]);
export type LaneMessage = Extract<Content, { kind: 'delivery' | 'token' }>;

/** Reads what may be in a lane; a fault is in words for the log and for `undeliverable`. */
export function decodeLaneMessage(attributes: SQSMessageAttributes): Parsed<LaneMessage> {
  const parsed = decode(attributes, laneMessageSchema);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  return value.kind === 'token'
    ? { ok: true, value: { kind: 'token', value: bare(value) } }
    : { ok: true, value: { kind: 'delivery', value: bare(value) } };
}

/** Reads a delivery's attribute, like the above. */
export function decodeDelivery(attributes: SQSMessageAttributes): Parsed<Delivery> {
  const parsed = decode(attributes, deliverySchema);
  return parsed.ok ? { ok: true, value: bare(parsed.value) } : parsed;
}

export function decodeDeadLetter(attributes: SQSMessageAttributes): Parsed<DeadLetter> {
  const parsed = decode(attributes, deadLetterSchema);
  return parsed.ok ? { ok: true, value: bare(parsed.value) } : parsed;
}

/** Reads a dead letter whose fields came in another way than as the attribute's JSON. */
export function parseDeadLetter(fields: Record<string, unknown>): Parsed<DeadLetter> {
  const parsed = deadLetterSchema.safeParse({ ...fields, v: 1, kind: 'dead-letter' });
  if (parsed.success) return { ok: true, value: bare(parsed.data) };
  const [issue] = parsed.error.issues;
  return { ok: false, detail: `${issue?.path.join('.')}: ${issue?.message}` };
}

export function decodeUndeliverable(attributes: SQSMessageAttributes): Parsed<Undeliverable> {
  const parsed = decode(attributes, undeliverableSchema);
  return parsed.ok ? { ok: true, value: bare(parsed.value) } : parsed;
}

/** A delivery may go on as a dead letter: it must not carry its old kind along. */
function bare<T extends { v: 1; kind: string }>({ v: _, kind: __, ...value }: T): Omit<T, 'v' | 'kind'> {
  return value;
}

function decode<T>(attributes: SQSMessageAttributes, schema: z.ZodType<T>): Parsed<T> {
  const text = attributes[ATTRIBUTE]?.stringValue;
  if (text === undefined) return { ok: false, detail: `attribute ${ATTRIBUTE}: is missing` };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, detail: `attribute ${ATTRIBUTE}: is not JSON` };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, detail: `attribute ${ATTRIBUTE}: ${issue?.path.join('.')}: ${issue?.message}` };
}
