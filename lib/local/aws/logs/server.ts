// CloudWatch Logs on this machine, as far as `webhooks attempts` uses it: FilterLogEvents (JSON 1.1) over the functions' log
// lines. Unlike AWS, a line can be found as soon as it was written, and old lines are dropped by size and not by age.
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import { type CallLog, createCallLog } from '#lib/local/aws/call-log.ts';
import { createFaults, type FaultKind, type Faults } from '#lib/local/aws/faults.ts';
import { answerCall, type ErrorForm, failAsOrdered, operationIn } from '#lib/local/aws/service-call.ts';
import { compilePattern } from './pattern.ts';
import type { LogStore } from './store.ts';

/** One call: the log group, the events in the answer, and the error or the injected fault. */
export type LogsCall = {
  operation: string;
  group: string | undefined;
  events: number;
  error: string | undefined;
  fault: FaultKind | undefined;
};

export type Logs = {
  answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void>;
  faults: Faults;
  calls: CallLog<LogsCall>;
};

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
const MOST_EVENTS = 10_000;
const MOST_BYTES = 1024 * 1024;
const ERRORS: ErrorForm = { serverError: 'ServiceUnavailableException', messageField: 'message' };
/** Lines that one call looks through: then it answers with what it has found, be it nothing, and a token. */
const LOOKED_THROUGH = 20_000;

const inputSchema = z.object({
  logGroupName: z.string().optional(),
  logGroupIdentifier: z.string().optional(),
  filterPattern: z.string().default(''),
  startTime: z.number().default(0),
  endTime: z.number().default(Number.MAX_SAFE_INTEGER),
  limit: z.number().int().min(1).max(MOST_EVENTS).default(MOST_EVENTS),
  nextToken: z
    .string()
    .regex(/^n\d{1,15}$/)
    .optional(),
});

/** Makes the service over a store. */
export function createLogs(store: LogStore): Logs {
  const faults = createFaults();
  const calls = createCallLog<LogsCall>();

  async function answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    const operation = operationIn(req);
    const call: LogsCall = { operation, group: undefined, events: 0, error: undefined, fault: undefined };
    calls.add(call);
    answerCall(res, call, ERRORS, () => perform(call, body));
  }

  function perform(call: LogsCall, body: Buffer): object {
    call.fault = faults.take(call.operation)?.kind;
    failAsOrdered(call.fault, ERRORS);
    if (call.operation !== 'FilterLogEvents') throw unknownOperation(call.operation);
    const found = filter(body, call);
    call.events = found.events.length;
    return found;
  }

  function filter(body: Buffer, call: LogsCall) {
    const input = inputIn(body);
    const group = groupIn(input);
    call.group = group;
    const fits = compilePattern(input.filterPattern);
    const lines = store.from(group, Number(input.nextToken?.slice(1) ?? 0));
    if (lines === undefined) {
      throw new AwsError('ResourceNotFoundException', `The specified log group does not exist: ${group}`);
    }
    const events: object[] = [];
    let bytes = 0;
    let looked = 0;
    for (const { number, at, text } of lines) {
      if (at > input.endTime) break;
      if (at < input.startTime) continue;
      const isFull = events.length >= input.limit || (bytes > 0 && bytes + text.length > MOST_BYTES);
      if (isFull || looked >= LOOKED_THROUGH)
        return { events, searchedLogStreams: [], nextToken: `n${number}` };
      looked += 1;
      if (!fits(text)) continue;
      bytes += text.length;
      events.push({
        eventId: String(number).padStart(56, '0'),
        logStreamName: 'local',
        timestamp: at,
        ingestionTime: at,
        message: text,
      });
    }
    return { events, searchedLogStreams: [] };
  }

  return { answer, faults, calls };
}

function inputIn(body: Buffer): z.output<typeof inputSchema> {
  const invalid = (why: string) => new AwsError('InvalidParameterException', why);
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch (cause) {
    throw new AwsError('SerializationException', `The request is no JSON: ${cause}`, { cause });
  }
  const read = inputSchema.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalid(`${issue?.path.join('.')}: ${issue?.message}`);
}

function groupIn({ logGroupName, logGroupIdentifier }: z.output<typeof inputSchema>): string {
  if ((logGroupName === undefined) === (logGroupIdentifier === undefined)) {
    throw new AwsError('InvalidParameterException', 'Give logGroupName or logGroupIdentifier, and only one.');
  }
  // An identifier is a name or an ARN.
  return logGroupName ?? (logGroupIdentifier ?? '').replace(/^arn:.*:log-group:/, '');
}

const unknownOperation = (operation: string) =>
  new AwsError(
    'UnknownOperationException',
    `${operation} is not here. CloudWatch Logs on this machine has FilterLogEvents.`,
  );
