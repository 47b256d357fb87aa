// EventBridge on this machine, as far as the functions use it: PutEvents (JSON 1.1), and the newest events for tests to look at.
// It has no rules and no targets: nothing is passed on, and every event bus exists. Schedules are in ../schedules.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#lib/local/aws/aws-json.ts';
import { type CallLog, createCallLog } from '#lib/local/aws/call-log.ts';
import { createFaults, type FaultKind, type Faults, type InjectedFault } from '#lib/local/aws/faults.ts';
import { answerCall, type ErrorForm, failAsOrdered, operationIn } from '#lib/local/aws/service-call.ts';
import { checkEntry, type EntryFailure, type EventEntry, entriesFrom, failure } from './entry.ts';
import { type BusEvent, eventOf } from './event.ts';

/** An event as a target would get it, and the name of its bus. */
export type PutEvent = BusEvent & { bus: string };

/** One call: the number of its entries, how many failed, and the error or the injected fault. */
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
  /** The newest 1,000 events that were put, newest last. */
  list(): PutEvent[];
  clear(): void;
  faults: Faults;
  calls: CallLog<EventsCall>;
};

/** Gives the time in milliseconds. */
type Clock = { now(): number };

const KEPT = 1000;
const ERRORS: ErrorForm = { serverError: 'InternalException', messageField: 'message' };

/** Makes an EventBridge without events. The fault `refuse-entries` names entries by their place in the call, from '0'. */
export function createEvents(options: { clock?: Clock; region?: string; account?: string } = {}): Events {
  const { clock = { now: Date.now }, region = 'us-east-1', account = '000000000000' } = options;
  const faults = createFaults();
  const calls = createCallLog<EventsCall>();
  let events: PutEvent[] = [];

  async function answer(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    const operation = operationIn(req);
    const nothing = { entries: 0, failed: 0, error: undefined, fault: undefined };
    const call: EventsCall = { at: clock.now(), operation, ...nothing };
    calls.add(call);
    answerCall(res, call, ERRORS, () => perform(call, body));
  }

  function perform(call: EventsCall, body: Buffer): object {
    const fault = faults.take(call.operation);
    call.fault = fault?.kind;
    failAsOrdered(call.fault, ERRORS);
    if (call.operation !== 'PutEvents') throw unknownOperation(call.operation);
    const entries = entriesFrom(body);
    call.entries = entries.length;
    const results = entries.map((entry, place) => put(entry, isRefused(fault, place)));
    call.failed = results.filter((result) => 'ErrorCode' in result).length;
    return { FailedEntryCount: call.failed, Entries: results };
  }

  function put(entry: EventEntry, refused: boolean): { EventId: string } | EntryFailure {
    const checked = checkEntry(entry);
    if ('ErrorCode' in checked) return checked;
    if (refused) return failure('InternalFailure', 'Refused, as ordered.');
    const { Source: source, DetailType, Resources: resources, Time, EventBusName } = entry;
    const at = Time === undefined ? clock.now() : Time * 1000;
    const about = { 'detail-type': DetailType, source, resources, detail: checked.detail };
    const event = eventOf(about, { at, region, account });
    // A bus is named, or given by its ARN.
    const bus = EventBusName.slice(EventBusName.lastIndexOf('/') + 1);
    events = [...events, { ...event, bus }].slice(-KEPT);
    return { EventId: event.id };
  }

  return {
    answer,
    list: () => events,
    clear() {
      events = [];
    },
    faults,
    calls,
  };
}

const isRefused = (fault: InjectedFault | undefined, place: number): boolean =>
  fault?.kind === 'refuse-entries' && (fault.entries?.includes(String(place)) ?? true);

const unknownOperation = (operation: string) =>
  new AwsError(
    'UnknownOperationException',
    `${operation} is not here. EventBridge on this machine has PutEvents.`,
  );
