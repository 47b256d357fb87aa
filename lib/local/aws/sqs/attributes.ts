// The attributes of a queue: their defaults, what values they may have, and what they mean to the code.
import * as z from 'zod';
import { invalidValue, Refusal } from './refusal.ts';

export type Redrive = { readonly deadLetterArn: string; readonly maxReceives: number };

/** A queue's attributes as the code reads them. */
export type Settings = {
  readonly visibilityMs: number;
  readonly delayMs: number;
  readonly retentionMs: number;
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly contentBased: boolean;
  readonly perGroup: boolean;
  readonly redrive: Redrive | undefined;
};

export type RawAttributes = Readonly<Record<string, string>>;

const range = (least: number, most: number) => (value: string) =>
  /^\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most;
const oneOf =
  (...values: string[]) =>
  (value: string) =>
    values.includes(value);
const isJson = (value: string): boolean => value === '' || parseJson(value) !== undefined;
const anything = (): boolean => true;

const EVERY_QUEUE: Readonly<Record<string, (value: string) => boolean>> = {
  VisibilityTimeout: range(0, 43_200),
  DelaySeconds: range(0, 900),
  MessageRetentionPeriod: range(60, 1_209_600),
  ReceiveMessageWaitTimeSeconds: range(0, 20),
  MaximumMessageSize: range(1024, 1_048_576),
  Policy: isJson,
  RedrivePolicy: isJson,
  RedriveAllowPolicy: isJson,
  KmsMasterKeyId: anything,
  KmsDataKeyReusePeriodSeconds: range(60, 86_400),
  SqsManagedSseEnabled: oneOf('true', 'false'),
};

const FIFO_ONLY: Readonly<Record<string, (value: string) => boolean>> = {
  FifoQueue: oneOf('true'),
  ContentBasedDeduplication: oneOf('true', 'false'),
  DeduplicationScope: oneOf('queue', 'messageGroup'),
  FifoThroughputLimit: oneOf('perQueue', 'perMessageGroupId'),
};

const DEFAULTS: RawAttributes = {
  VisibilityTimeout: '30',
  DelaySeconds: '0',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  MaximumMessageSize: '1048576',
  SqsManagedSseEnabled: 'true',
};

const FIFO_DEFAULTS: RawAttributes = {
  FifoQueue: 'true',
  ContentBasedDeduplication: 'false',
  DeduplicationScope: 'queue',
  FifoThroughputLimit: 'perQueue',
};

/** What can be asked for besides what can be set. */
export const READ_ONLY = [
  'QueueArn',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

export const isAttributeName = (name: string): boolean =>
  name in EVERY_QUEUE || name in FIFO_ONLY || READ_ONLY.some((known) => known === name);

export const defaultsFor = (fifo: boolean): RawAttributes =>
  fifo ? { ...DEFAULTS, ...FIFO_DEFAULTS } : DEFAULTS;

/** `current` with `given` over it; throws a Refusal for a name or a value that this kind of queue does not have. */
export function mergeAttributes(current: RawAttributes, given: RawAttributes, fifo: boolean): RawAttributes {
  for (const [name, value] of Object.entries(given)) {
    const check = EVERY_QUEUE[name] ?? (fifo ? FIFO_ONLY[name] : undefined);
    if (!check) throw new Refusal('InvalidAttributeName', `Unknown Attribute ${name}.`);
    if (!check(value))
      throw new Refusal('InvalidAttributeValue', `Invalid value for the parameter ${name}: ${value}.`);
  }
  const merged = { ...current, ...given };
  if (merged.FifoThroughputLimit === 'perMessageGroupId' && merged.DeduplicationScope !== 'messageGroup') {
    const reason = 'It needs the DeduplicationScope messageGroup.';
    throw invalidValue('FifoThroughputLimit', merged.FifoThroughputLimit, reason);
  }
  return merged;
}

const redrivePolicy = z.object({
  deadLetterTargetArn: z.string().min(1),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000).default(10),
});

const redriveAllowPolicy = z.object({
  redrivePermission: z.enum(['allowAll', 'denyAll', 'byQueue']).default('allowAll'),
  sourceQueueArns: z.array(z.string()).max(10).default([]),
});

export function readSettings(raw: RawAttributes): Settings {
  const redrive = raw.RedrivePolicy
    ? readPolicy('RedrivePolicy', raw.RedrivePolicy, redrivePolicy)
    : undefined;
  return {
    visibilityMs: Number(raw.VisibilityTimeout) * 1000,
    delayMs: Number(raw.DelaySeconds) * 1000,
    retentionMs: Number(raw.MessageRetentionPeriod) * 1000,
    waitMs: Number(raw.ReceiveMessageWaitTimeSeconds) * 1000,
    maxBytes: Number(raw.MaximumMessageSize),
    contentBased: raw.ContentBasedDeduplication === 'true',
    perGroup: raw.DeduplicationScope === 'messageGroup',
    redrive: redrive && { deadLetterArn: redrive.deadLetterTargetArn, maxReceives: redrive.maxReceiveCount },
  };
}

/** Whether a dead-letter queue with these attributes takes letters from that queue. */
export function allowsRedriveFrom(raw: RawAttributes, sourceArn: string): boolean {
  if (!raw.RedriveAllowPolicy) return true;
  const policy = readPolicy('RedriveAllowPolicy', raw.RedriveAllowPolicy, redriveAllowPolicy);
  if (policy.redrivePermission === 'byQueue') return policy.sourceQueueArns.includes(sourceArn);
  return policy.redrivePermission === 'allowAll';
}

function readPolicy<T>(name: string, text: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidValue(name, text, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
