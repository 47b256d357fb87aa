// The attributes of a queue: their defaults, what values they may have, and what they mean to the code.
import { invalidValue, notServed, Refusal } from './refusal.ts';

/** A queue's attributes as the code reads them. */
export type Settings = {
  readonly visibilityMs: number;
  readonly delayMs: number;
  readonly retentionMs: number;
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly contentBased: boolean;
  readonly perGroup: boolean;
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
  // Without an effect, since no queue here has a dead-letter queue.
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

/** Attributes of AWS that no queue here has: they can be asked for, and not set. */
const NOT_SERVED: readonly string[] = ['RedrivePolicy'];

export const isAttributeName = (name: string): boolean =>
  NOT_SERVED.includes(name) ||
  name in EVERY_QUEUE ||
  name in FIFO_ONLY ||
  READ_ONLY.some((known) => known === name);

export const defaultsFor = (fifo: boolean): RawAttributes =>
  fifo ? { ...DEFAULTS, ...FIFO_DEFAULTS } : DEFAULTS;

/** `current` with `given` over it; throws a Refusal for a name or a value that this kind of queue does not have. */
export function mergeAttributes(current: RawAttributes, given: RawAttributes, fifo: boolean): RawAttributes {
  for (const [name, value] of Object.entries(given)) {
    if (NOT_SERVED.includes(name)) throw notServed(`the queue attribute ${name}`);
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

export function readSettings(raw: RawAttributes): Settings {
  return {
    visibilityMs: Number(raw.VisibilityTimeout) * 1000,
    delayMs: Number(raw.DelaySeconds) * 1000,
    retentionMs: Number(raw.MessageRetentionPeriod) * 1000,
    waitMs: Number(raw.ReceiveMessageWaitTimeSeconds) * 1000,
    maxBytes: Number(raw.MaximumMessageSize),
    contentBased: raw.ContentBasedDeduplication === 'true',
    perGroup: raw.DeduplicationScope === 'messageGroup',
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
