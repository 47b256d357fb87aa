// The one attribute that our own queues' messages carry: a JSON object with a version. Everything we add to a
// message is in it, since SQS takes ten attributes and the publisher's may be among them. Parsed here and nowhere else.
import type { SQSMessageAttributes } from 'aws-lambda';
import * as z from 'zod';

export const ATTRIBUTE = 'sqs-webhooks';

const common = {
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
export type Delivery = z.infer<typeof deliverySchema>;

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
export type Token = z.infer<typeof tokenSchema>;

export const OUTCOMES = ['delivered', 'rejected', 'failed', 'unsent', 'unknown'] as const;

const deadLetterSchema = z.object({
  ...common,
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

export type DeadLetter = z.infer<typeof deadLetterSchema>;
/** As an endpoint gets it: of its way there it says nothing. */
export type ForwardedDeadLetter = Omit<DeadLetter, 'hops' | 'waitsSince'>;

const undeliverableSchema = z.object({
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
export type Undeliverable = z.infer<typeof undeliverableSchema>;

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

type Kind = Content['kind'];

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string };

export type LaneMessage = Extract<Content, { kind: 'delivery' | 'token' }>;

/** Reads what may be in a lane; a fault is in words for the log and for `undeliverable`. */
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

/** Reads a delivery's attribute, like the above. */
export const decodeDelivery = (attributes: SQSMessageAttributes): Parsed<Delivery> =>
  decode(attributes, 'delivery', deliverySchema);

export const decodeDeadLetter = (attributes: SQSMessageAttributes): Parsed<DeadLetter> =>
  decode(attributes, 'dead-letter', deadLetterSchema);

/** Reads a dead letter whose fields came in another way than as the attribute's JSON. */
export const parseDeadLetter = (fields: Record<string, unknown>): Parsed<DeadLetter> =>
  parse(fields, deadLetterSchema, '');

export const decodeUndeliverable = (attributes: SQSMessageAttributes): Parsed<Undeliverable> =>
  decode(attributes, 'undeliverable', undeliverableSchema);

function decode<T>(attributes: SQSMessageAttributes, kind: Kind, schema: z.ZodType<T>): Parsed<T> {
  const read = contentOf(attributes, [kind]);
  return read.ok ? parse(read.value, schema, PLACE) : read;
}

const PLACE = `attribute ${ATTRIBUTE}: `;
const fault = (what: string): { ok: false; detail: string } => ({ ok: false, detail: `${PLACE}${what}` });

/** The attribute's JSON, where version and kind are right. The schemas then leave these two out of what they read. */
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

/** What the schema does not name is left out. */
function parse<T>(fields: object, schema: z.ZodType<T>, place: string): Parsed<T> {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return { ok: false, detail: `${place}${issue?.path.join('.')}: ${issue?.message}` };
}
