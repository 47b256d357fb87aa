// Parses one log line of a function as one step of a message's way: an attempt, or an event such as routing, parking or a
// dead letter. Lines with another event name, and lines that are not JSON, are ignored.
import * as z from 'zod';

export const LOGGING_FUNCTIONS = ['route', 'deliver', 'bridge', 'redrive', 'resume'] as const;
export type LoggingFunction = (typeof LOGGING_FUNCTIONS)[number];

/** The event names of the log lines, and the steps that they tell. */
export const STEP_OF_LINE = {
  'message.routed': 'routed',
  'message.without-subscription': 'without-subscription',
  'message.not-routed': 'not-routed',
  'delivery.filtered': 'filtered',
  'delivery.attempted': 'attempt',
  'delivery.parked': 'parked',
  'delivery.delayed': 'delayed',
  'delivery.moved': 'moved',
  'delivery.skipped': 'skipped',
  'delivery.duplicate': 'duplicate',
  'delivery.interrupted': 'interrupted',
  'delivery.held': 'held',
  'held.sent': 'held-sent',
  'held.discarded': 'held-discarded',
  'delivery.dead-lettered': 'dead-letter',
  'letter.bridged': 'bridged',
  'letter.waits': 'letter-waits',
  'letter.redriven': 'redriven',
  'message.undeliverable': 'undeliverable',
} as const;
export type StepName = (typeof STEP_OF_LINE)[keyof typeof STEP_OF_LINE];

// A field of another type, in a line of another version, is left out: the step is shown without it.
const text = () => z.string().optional().catch(undefined);
const number = () => z.number().optional().catch(undefined);

const fieldsSchema = z.object({
  requestId: text(),
  subscription: text(),
  /** The id of the message: `webhook-id`. */
  messageId: text(),
  /** Of a batch: the ids of its messages, between spaces, how many they are, and the batch's own `webhook-id`. */
  messageIds: text(),
  messages: number(),
  webhookId: text(),
  /** The id that SQS gave the publisher's message. */
  sqsMessageId: text(),
  topic: text(),
  /** Only for a routed message: the number of subscriptions that got it. */
  deliveries: number(),
  /** Only for a routed message: the number of subscriptions of its topic whose filters it did not pass. */
  filtered: number(),
  /** Of a routed message: the first of these subscriptions, between spaces. */
  to: text(),
  attempt: number(),
  outcome: text(),
  status: number(),
  /** The cause of an outcome that has no HTTP status: one of the codes that OPERATORS.md lists. */
  code: text(),
  /** Why the end of the answer's body is missing. */
  incomplete: text(),
  /** The action that followed from the outcome: done, retry, dead-letter, hold, drop or pause. */
  action: text(),
  /** Only for the action `pause`: whether the message was kept, held or dropped. */
  fate: text(),
  durationMs: number(),
  /** Only for a message from the backlog: how long it waited there. */
  waitedMs: number(),
  lane: number(),
  /** Of a delayed message: when it is due, as ISO 8601. */
  notBefore: text(),
  endpoint: text(),
  reason: text(),
  detail: text(),
  /** Of an undeliverable message: the queue that it was on. */
  from: text(),
  error: text(),
  replayId: text(),
  redriveId: text(),
  traceId: text(),
  /**
   * The next four fields exist only if the item's `logging` asks for them. Credentials are removed, and long values are cut.
   */
  requestHeaders: text(),
  requestBody: text(),
  answerHeaders: text(),
  answerBody: text(),
  /** The tenant had used up its bytes of the minute, so headers and bodies were left out. */
  bodiesLeftOut: z.boolean().optional().catch(undefined),
});

export type StepFields = z.output<typeof fieldsSchema>;

export type Step = {
  /** A unique id of the line. A second search returns the line with the same id. */
  readonly id: string;
  /** When the line was written, epoch milliseconds. An attempt began `durationMs` before. */
  readonly at: number;
  readonly step: StepName;
  readonly function: LoggingFunction;
} & Readonly<StepFields>;

/** A line as CloudWatch Logs returns it. */
export type LogLine = {
  readonly id: string;
  readonly text: string;
  /** CloudWatch's time of the line, epoch milliseconds. */
  readonly at: number;
};

const isStepLine = (name: unknown): name is keyof typeof STEP_OF_LINE =>
  typeof name === 'string' && Object.hasOwn(STEP_OF_LINE, name);

/** Reads a line. Undefined when it is no step: a metric, another event, or no JSON. */
export function stepIn({ id, text: line, at }: LogLine, from: LoggingFunction): Step | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null || !('message' in json) || !isStepLine(json.message)) {
    return undefined;
  }
  const own = 'timestamp' in json && typeof json.timestamp === 'string' ? Date.parse(json.timestamp) : NaN;
  const fields = withoutUndefined(fieldsSchema.parse(json));
  return {
    id,
    at: Number.isNaN(own) ? at : own,
    step: STEP_OF_LINE[json.message],
    function: from,
    ...fields,
  };
}

function withoutUndefined(fields: StepFields): StepFields {
  const kept: Record<string, unknown> = { ...fields };
  for (const [name, value] of Object.entries(kept)) if (value === undefined) delete kept[name];
  return kept;
}
