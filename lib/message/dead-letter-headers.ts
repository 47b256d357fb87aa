// A dead letter as a Kafka record, in both directions: the value is the body's bytes, the key is the subscription, and each
// field is one header, as listed in DEAD-LETTERS.md. Nothing is sent or received here.
import { type ForwardedDeadLetter, type Parsed, parseDeadLetter } from './attribute.ts';
import { bytesOf } from './published.ts';

/** Value of the first header: the version of the others. */
export const HEADERS_VERSION = '1';
export const VERSION_HEADER = 'sqs-webhooks-dead-letter';

type Kind = 'text' | 'number' | 'json';

/** The header of each field. Names with a common meaning keep it: Kafka's tools read `traceparent`. */
export const HEADERS: {
  readonly [field in keyof ForwardedDeadLetter]-?: readonly [name: string, kind: Kind];
} = {
  subscription: ['webhook-subscription', 'text'],
  messageId: ['webhook-id', 'text'],
  topic: ['webhook-topic', 'text'],
  endpoint: ['webhook-endpoint', 'text'],
  tenant: ['webhook-tenant', 'text'],
  reason: ['webhook-reason', 'text'],
  outcome: ['webhook-outcome', 'text'],
  status: ['webhook-status', 'number'],
  code: ['webhook-code', 'text'],
  attempts: ['webhook-attempts', 'number'],
  publishedAt: ['webhook-published-at', 'number'],
  firstAt: ['webhook-first-at', 'number'],
  lastAt: ['webhook-last-at', 'number'],
  sequence: ['webhook-sequence', 'text'],
  contentType: ['content-type', 'text'],
  headers: ['webhook-headers', 'json'],
  encoding: ['webhook-encoding', 'text'],
  key: ['webhook-key', 'text'],
  traceparent: ['traceparent', 'text'],
  tracestate: ['tracestate', 'text'],
  replayId: ['webhook-replay-id', 'text'],
  rounds: ['webhook-rounds', 'number'],
  excerpt: ['webhook-excerpt', 'text'],
};

/** Fields whose values many letters share: their bytes are made once and reused. */
const SHARED: ReadonlySet<string> = new Set<keyof ForwardedDeadLetter>([
  'subscription',
  'topic',
  'endpoint',
  'tenant',
  'reason',
  'outcome',
  'status',
  'code',
  'attempts',
  'contentType',
]);

const FIELDS = Object.entries(HEADERS).map(([field, [name, kind]]) => ({
  field,
  name,
  kind,
  bytes: Buffer.from(name),
  isShared: SHARED.has(field),
}));
const FIELD_OF = new Map(FIELDS.map((one) => [one.name, one]));
const VERSION = [Buffer.from(VERSION_HEADER), Buffer.from(HEADERS_VERSION)] as const;

/** The most cached values. When the cache is full, it is emptied. */
const MOST_SHARED = 1_000;
const shared = new Map<unknown, Buffer>();

function sharedBytes(value: unknown): Buffer {
  const known = shared.get(value);
  if (known !== undefined) return known;
  const made = Buffer.from(`${value}`);
  if (shared.size >= MOST_SHARED) shared.clear();
  shared.set(value, made);
  return made;
}

/** The headers of a dead letter's record, in UTF-8. A field without a value has no header. */
export function deadLetterHeaders(letter: ForwardedDeadLetter): Map<Buffer, Buffer> {
  const values: Readonly<Record<string, unknown>> = letter;
  const headers = new Map<Buffer, Buffer>([VERSION]);
  for (const { field, kind, bytes, isShared } of FIELDS) {
    const value = values[field];
    if (value === undefined) continue;
    if (isShared) headers.set(bytes, sharedBytes(value));
    else headers.set(bytes, Buffer.from(kind === 'json' ? JSON.stringify(value) : `${value}`));
  }
  return headers;
}

/** The record's value: the bytes that the callback would have received. */
export const recordValue = ({ encoding }: Pick<ForwardedDeadLetter, 'encoding'>, body: string): Buffer =>
  bytesOf(body, encoding);

const NUMBER = /^-?\d{1,17}(\.\d{1,20})?$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses the headers of a record. A missing, duplicate or malformed header of ours is a fault, described in a sentence;
 * other headers are ignored.
 */
export function deadLetterIn(
  headers: Iterable<readonly [name: Buffer | string, value: Buffer]>,
): Parsed<ForwardedDeadLetter> {
  const fields: Record<string, unknown> = {};
  let version: string | undefined;
  for (const [nameBytes, bytes] of headers) {
    const name = nameBytes.toString();
    const known = FIELD_OF.get(name);
    if (known === undefined && name !== VERSION_HEADER) continue;
    const text = textOf(bytes);
    if (text === undefined) return fault(name, 'is not UTF-8 text');
    if (known === undefined) {
      if (version !== undefined) return fault(name, 'is there twice');
      version = text;
      continue;
    }
    if (Object.hasOwn(fields, known.field)) return fault(name, 'is there twice');
    const read = READ[known.kind](text);
    if (read === undefined) return fault(name, `is no ${known.kind === 'json' ? 'JSON' : known.kind}`);
    fields[known.field] = read;
  }
  if (version === undefined) return fault(VERSION_HEADER, 'is missing: this is no dead letter of ours');
  if (version !== HEADERS_VERSION) return fault(VERSION_HEADER, 'names a version that is not known');
  return parseDeadLetter(fields);
}

/** Turns a record's value back into the body that SQS takes. */
export function bodyIn(
  { encoding }: Pick<ForwardedDeadLetter, 'encoding'>,
  value: Buffer | null,
): Parsed<string> {
  if (value === null) return { ok: false, detail: 'the record has no value' };
  if (encoding === 'base64') return { ok: true, value: value.toString('base64') || '=' };
  const text = textOf(value);
  return text === undefined
    ? { ok: false, detail: "the record's value is not UTF-8 text" }
    : { ok: true, value: text };
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const READ: { readonly [kind in Kind]: (text: string) => unknown } = {
  text: (text) => text,
  number: (text) => (NUMBER.test(text) ? Number(text) : undefined),
  json(text) {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  },
};

const fault = (name: string, what: string): { ok: false; detail: string } => ({
  ok: false,
  detail: `header ${name}: ${what}`,
});
