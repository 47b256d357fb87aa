// What the deployment sets, read from the environment once, when a function starts. A value that is missing or wrong
// stops the function there, with its name and what to put. serverless.yml sets every one of them.
import * as z from 'zod';
import { isCidr } from '#lib/callback/address.ts';
import type { FaultWaits } from '#lib/queue/hand-back.ts';

const url = z.string().regex(/^https?:\/\//, 'must be a queue URL');
const whole = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'must be a whole number above 0')
  .transform(Number);
const wholeOrNone = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number, 0 or more')
  .transform(Number);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const cidrs = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((cidr) => cidr.trim())
      .filter((cidr) => cidr !== ''),
  )
  .refine((list) => list.every(isCidr), 'must be CIDRs with commas between, such as 10.0.0.0/8,fd00::/8');

const common = {
  /** `local` and `local-*` are the stages of an emulated AWS. */
  STAGE: z.string().min(1),
  LARGEST_READ_TIMEOUT_MS: whole,
  ALLOW_HTTP: flag,
  ALLOWED_CIDRS: cidrs,
  /** Lets subscriptions do without the verification of certificates (`ssl.trustAll`). */
  ALLOW_TRUST_ALL: flag,
  /** Answers of callbacks and token endpoints are read up to so many decompressed bytes. */
  RESPONSE_CAP_BYTES: whole,
  SUBSCRIPTIONS_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  DELIVERIES_QUEUE_URL: url,
  UNDELIVERABLE_QUEUE_URL: url,
  /** Set by Lambda's emulators and local runs; its absence means AWS itself. */
  AWS_ENDPOINT_URL: z.string().optional(),
};

const faultWaits = {
  /** What is handed back after a fault of AWS waits so long at first, and at most. */
  FAULT_FIRST_WAIT_SECONDS: whole,
  FAULT_LONGEST_WAIT_SECONDS: whole,
};

export const routeEnvironment = z.object({
  ...common,
  ...faultWaits,
  MESSAGES_QUEUE_URL: url,
  MESSAGES_FIFO_QUEUE_URL: url,
  RETRIES_QUEUE_URL: url,
  /** How long it takes what it has read of subscriptions for current. */
  CONFIG_CACHE_SECONDS: whole,
});
const backlog = {
  ENDPOINTS_TABLE: z.string().min(1),
  RETRIES_QUEUE_URL: url,
  /** The name of the bus where pauses and openings are announced. */
  EVENT_BUS: z.string().min(1),
};

export const deliverEnvironment = z.object({
  ...common,
  ...backlog,
  ...faultWaits,
  DEAD_LETTERS_QUEUE_URL: url,
  /** A lane whose head is older, and whose messages come faster than they go, goes through the backlog. */
  LAG_SECONDS: whole,
  /** How long a secret is taken for the current one. */
  SECRET_CACHE_SECONDS: whole,
  /** An outage waits so long at first, and at most. */
  OUTAGE_FIRST_WAIT_SECONDS: whole,
  OUTAGE_LONGEST_WAIT_SECONDS: whole,
  /** A callback's Retry-After is obeyed up to this. */
  LONGEST_RETRY_AFTER_SECONDS: whole,
  /** How much of an answer is kept with a dead letter, a claim or a held message; 0 for nothing. */
  EXCERPT_BYTES: wholeOrNone,
  /** How often an unordered message goes through `retries`. */
  MOST_RETRY_HOPS: whole,
  /** A drain begins nothing after this. */
  DRAIN_SLICE_SECONDS: whole,
  /** How long at-most-once remembers what it has sent. */
  CLAIMS_LIVE_DAYS: whole,
  /** A message received so often is worked on alone; one that ended the function so often alone is crashing it. */
  ALONE_AT_RECEIVES: whole,
  CRASHING_AT_STARTS: whole,
});
export const bridgeEnvironment = z.object({
  ...common,
  ...faultWaits,
  ENDPOINTS_TABLE: z.string().min(1),
  DEAD_LETTERS_QUEUE_URL: url,
  /** How long a secret is taken for the current one. */
  SECRET_CACHE_SECONDS: whole,
  /** How long a letter waits for an endpoint that is out of order. */
  BRIDGE_RETENTION_DAYS: whole,
  /** How long it takes an endpoint that it has read for current. */
  CONFIG_CACHE_SECONDS: whole,
});
export const resumeEnvironment = z.object({
  ...common,
  ...backlog,
  /** How many drains the sweep lets be under way. */
  DRAIN_BUDGET: whole,
  BACKLOG_RETENTION_DAYS: whole,
  /** What waits for a subscription whose item is gone so long is undeliverable. */
  UNSUBSCRIBED_AFTER_MINUTES: whole,
});
/** What is handed back after a fault of AWS, as secondsAfterFault takes it. */
export const faultWaitsOf = (config: z.infer<z.ZodObject<typeof faultWaits>>): FaultWaits => ({
  firstSeconds: config.FAULT_FIRST_WAIT_SECONDS,
  longestSeconds: config.FAULT_LONGEST_WAIT_SECONDS,
});

export type DeliverEnvironment = z.infer<typeof deliverEnvironment>;
/** What deliver and resume have in common. */
export type BacklogEnvironment = CommonEnvironment & z.infer<z.ZodObject<typeof backlog>>;

export const redriveEnvironment = z.object({
  ...common,
  MESSAGES_QUEUE_URL: url,
  MESSAGES_FIFO_QUEUE_URL: url,
  ENDPOINTS_TABLE: z.string().min(1),
  SECRET_CACHE_SECONDS: whole,
  /** A letter that was replayed so often is not replayed again. */
  MOST_REDRIVE_ROUNDS: whole,
});

/** Reads the environment by one of the schemas above. Throws with every fault at once. */
export function readConfig<T>(schema: z.ZodType<T>, environment: NodeJS.ProcessEnv): T {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    const value = environment[name];
    return value === undefined
      ? `${name}: is not set`
      : `${name}: ${message}; it is ${JSON.stringify(value)}`;
  });
  throw new Error(`The function's environment is not right. ${faults.join('. ')}`);
}

/** What every function is told. */
export type CommonEnvironment = z.infer<z.ZodObject<typeof common>>;

/** The tables of the functions that know endpoints. */
export const tablesOf = (
  config: Pick<z.infer<typeof resumeEnvironment>, 'SUBSCRIPTIONS_TABLE' | 'ENDPOINTS_TABLE' | 'STATE_TABLE'>,
) => ({
  subscriptionsTable: config.SUBSCRIPTIONS_TABLE,
  endpointsTable: config.ENDPOINTS_TABLE,
  stateTable: config.STATE_TABLE,
});
