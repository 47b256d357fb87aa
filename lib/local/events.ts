// EventBridge on this machine, as far as the functions use it: PutEvents (JSON 1.1), and the newest events for tests to look at.
// It has no rules and no targets: nothing is passed on, and every event bus exists. Schedules are in schedules.ts.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod';
import { AwsError, sendJson } from './aws-json.ts';
import { type CallLog, createCallLog } from './call-log.ts';
import { createFaults, type Fault, type FaultKind, type Faults } from './faults.ts';

export type Event = EventBridgeEvent<string, object>;

/** What was put: the event as a target would get it, and the bus that it was put on. */
export type PutEvent = Event & { bus: string };

/** One call: how many entries it had and how many of them failed, and the error or the fault that it met. */
export type EventsCall = {
  at: number;
  operation: string;
  entries: number;
  failed: number;
  error: string | undefined;
  fault: FaultKind | undefined;
};

export type Events = {
  answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void>;
  /** The events that were put, newest last; the oldest of more than 1,000 are forgotten. */
  list(): PutEvent[];
  clear(): void;
  faults: Faults;
  calls: CallLog<EventsCall>;
};

/** Gives the time in milliseconds. */
type Clock = { now(): number };

const KEPT = 1000;
const BYTES_MOST = 1_048_576;

const entrySchema = z.object({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().optional(),
  Resources: z.array(z.string()).optional(),
  /** Seconds since 1970. */
  Time: z.number().optional(),
});
const requestSchema = z.object({ Entries: z.array(entrySchema).min(1).max(10) });

type Entry = z.infer<typeof entrySchema>;
type Failure = { ErrorCode: string; ErrorMessage: string };

/** Makes an EventBridge without events. `refuse-entries` names entries by their place in the call, from '0'. */
export function createEvents(options: { clock?: Clock; region?: string; account?: string } = {}): Events {
  const { clock = { now: Date.now }, region = 'us-east-1', account = '000000000000' } = options;
  const faults = createFaults();
  const calls = createCallLog<EventsCall>();
  let events: PutEvent[] = [];

  async function answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    const target = String(req.headers['x-amz-target'] ?? '');
    const operation = target.slice(target.indexOf('.') + 1);
    const call: EventsCall = {
      at: clock.now(),
      operation,
      entries: 0,
      failed: 0,
      error: undefined,
      fault: undefined,
    };
    calls.add(call);
    const outcome = perform(call, body);
    if (call.fault === 'lost-answer') res.destroy();
    else sendJson(res, '1.1', outcome);
  }

  function perform(call: EventsCall, body: Buffer): { status: number; body: object } {
    try {
      const fault = faults.take(call.operation);
      call.fault = fault?.kind;
      failAsOrdered(call.fault);
      if (call.operation !== 'PutEvents') throw unknownOperation(call.operation);
      const { Entries } = parse(body);
      call.entries = Entries.length;
      const results = Entries.map((entry, place) => put(entry, isRefused(fault, place)));
      call.failed = results.filter((result) => 'ErrorCode' in result).length;
      return { status: 200, body: { FailedEntryCount: call.failed, Entries: results } };
    } catch (error) {
      const known =
        error instanceof AwsError
          ? error
          : new AwsError('InternalException', `A bug of ours: ${error}`, { status: 500, cause: error });
      call.error = known.code;
      return { status: known.status, body: { __type: known.code, message: known.message } };
    }
  }

  function put(entry: Entry, refused: boolean): { EventId: string } | Failure {
    const { Source = '', DetailType = '', Detail = '', EventBusName = 'default', Resources = [] } = entry;
    for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
      if (value === '') {
        const message = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`;
        return { ErrorCode: 'InvalidArgument', ErrorMessage: message };
      }
    }
    if (Source.startsWith('aws.')) {
      return {
        ErrorCode: 'NotAuthorizedForSourceException',
        ErrorMessage: 'Not authorized for the source.',
      };
    }
    const detail = objectFrom(Detail);
    if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    if (refused) return { ErrorCode: 'InternalFailure', ErrorMessage: 'Refused, as ordered.' };
    const at = entry.Time === undefined ? clock.now() : entry.Time * 1000;
    const about = { 'detail-type': DetailType, source: Source, resources: Resources, detail };
    const event = eventOf(about, { at, region, account });
    // A bus is named, or given by its ARN.
    events.push({ ...event, bus: EventBusName.slice(EventBusName.lastIndexOf('/') + 1) });
    events = events.slice(-KEPT);
    return { EventId: event.id };
  }

  return {
    answer,
    list: () => [...events],
    clear() {
      events = [];
    },
    faults,
    calls,
  };
}

/** An event as EventBridge hands it to a target, with a new id. Its time is in whole seconds. */
export const eventOf = (
  about: Pick<Event, 'detail-type' | 'source' | 'resources' | 'detail'>,
  { at, region, account }: { at: number; region: string; account: string },
): Event => ({
  version: '0',
  id: randomUUID(),
  ...about,
  account,
  time: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
  region,
});

function parse(body: Buffer): z.infer<typeof requestSchema> {
  const parsed = requestSchema.safeParse(jsonFrom(body.toString()));
  if (!parsed.success) throw new AwsError('ValidationException', z.prettifyError(parsed.error));
  const bytes = parsed.data.Entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes <= BYTES_MOST) return parsed.data;
  throw new AwsError('ValidationException', `The entries have ${bytes} bytes, more than ${BYTES_MOST}.`);
}

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size
const sizeOf = ({ Time, Source = '', DetailType = '', Detail = '', Resources = [] }: Entry): number =>
  [Source, DetailType, Detail, ...Resources].reduce((sum, text) => sum + Buffer.byteLength(text), 0) +
  (Time === undefined ? 0 : 14);

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AwsError('SerializationException', 'The body is no JSON.', { cause });
  }
}

function objectFrom(text: string): object | undefined {
  try {
    return z.record(z.string(), z.unknown()).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const isRefused = (fault: Fault | undefined, place: number): boolean =>
  fault?.kind === 'refuse-entries' && (fault.entries?.includes(String(place)) ?? true);

function failAsOrdered(fault: FaultKind | undefined): void {
  if (fault === 'throttle') throw new AwsError('ThrottlingException', 'Rate exceeded, as ordered.');
  if (fault === 'error') throw new AwsError('InternalException', 'Failed, as ordered.', { status: 500 });
}

const unknownOperation = (operation: string) =>
  new AwsError(
    'UnknownOperationException',
    `${operation} is not here. EventBridge on this machine has PutEvents.`,
  );
