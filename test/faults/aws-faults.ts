// Faults of the calls to AWS: a layer in front of the emulated services that fails, loses, delays, halves and doubles the calls
// of a plan, and ends the process that made one. The services behind it are unchanged.
import { type IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { AwsError, sendJson } from '#lib/local/aws/aws-json.ts';
import type { Service } from '#lib/local/aws/endpoint.ts';
import { callerOf, signal } from './pid.ts';
import type { CallFault } from './plan.ts';

export type AwsFaults = {
  intercept(service: Service): Service;
  /** Counts the calls from here on, and carries out these faults. */
  begin(faults: readonly CallFault[]): void;
  /** Ends all faults. */
  calm(): void;
  /** The faults that hit a call since `begin`, for the report. */
  hits(): readonly string[];
};

type Call = { req: IncomingMessage; res: ServerResponse; body: Buffer; service: Service; operation: string };

// Longer than the functions wait for an answer: they take the call for failed, although it was done.
const LATE_MS = 3_300;

const entriesSchema = z.looseObject({ Entries: z.array(z.looseObject({ Id: z.string() })) });
const requestsSchema = z.looseObject({ RequestItems: z.record(z.string(), z.unknown()) });
const keysSchema = z.looseObject({ Keys: z.array(z.unknown()) });

export function createAwsFaults(): AwsFaults {
  const counts = new Map<string, number>();
  let faults: readonly CallFault[] = [];
  let hits: string[] = [];

  function faultOf(operation: string, isPoller: boolean): CallFault | undefined {
    const key = `${operation} ${isPoller}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return faults.find(
      (fault) =>
        fault.operation === operation &&
        fault.pollers === isPoller &&
        count >= fault.from &&
        count < fault.from + fault.times,
    );
  }

  return {
    hits: () => hits,
    begin(planned) {
      counts.clear();
      hits = [];
      faults = planned;
    },
    calm() {
      faults = [];
    },
    intercept: (service) => ({
      async answer(req, res, body) {
        // The services write the date with the machine's clock, which a client would take for a skew of its own clock.
        res.setHeader('date', new Date().toUTCString());
        const operation = String(req.headers['x-amz-target']).split('.').at(-1) ?? '';
        const caller = callerOf(req.headers);
        const fault = faultOf(operation, caller === undefined);
        if (fault === undefined) return service.answer(req, res, body);
        hits.push(`${fault.kind} ${operation}`);
        await carryOut(fault.kind, { req, res, body, service, operation }, caller);
      },
    }),
  };
}

async function carryOut(kind: CallFault['kind'], call: Call, caller: number | undefined): Promise<void> {
  const { req, res, body, service } = call;
  switch (kind) {
    case 'error':
      throw new AwsError(errorOf(call), 'A fault of the run.', { status: 500 });
    case 'throttle':
      throw new AwsError(throttleOf(call), 'A fault of the run.');
    case 'lost-answer':
      await doneAside(call);
      res.destroy();
      return;
    case 'late-answer': {
      await doneAside(call);
      const timer = setTimeout(() => res.destroy(), LATE_MS);
      res.once('close', () => clearTimeout(timer));
      return;
    }
    case 'twice':
      await doneAside(call);
      return service.answer(req, res, body);
    case 'partly':
      return partly(call);
    case 'expired-receipt':
      return refuseReceipts(call);
    case 'kill-before':
      kill(caller);
      res.destroy();
      return;
    case 'kill-after':
      await doneAside(call);
      kill(caller);
      res.destroy();
      return;
    default:
      return kind satisfies never;
  }
}

function kill(caller: number | undefined): void {
  if (caller !== undefined) signal(caller, 'SIGKILL');
}

/** Does the call, and keeps the answer from its caller. Returns the answer's body. */
async function doneAside({ req, body, service }: Call): Promise<Buffer> {
  const aside = new ServerResponse(req);
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  aside.write = (chunk: unknown) => {
    keep(chunk);
    return true;
  };
  aside.end = (chunk?: unknown) => {
    keep(chunk);
    aside.emit('finish');
    aside.emit('close');
    return aside;
  };
  await service.answer(req, aside, body).catch((error: unknown) => {
    if (!(error instanceof AwsError)) throw error;
  });
  return Buffer.concat(chunks);
}

/** Does a part of the call, as AWS may: the answer names the rest, or has a page less. */
async function partly(call: Call): Promise<void> {
  const { req, res, body, service, operation } = call;
  const parsed: unknown = JSON.parse(body.toString());
  const changed = (input: object) => ({ ...call, body: Buffer.from(JSON.stringify(input)) });
  if (operation === 'Query') {
    return service.answer(req, res, changed({ ...z.looseObject({}).parse(parsed), Limit: 1 }).body);
  }
  if (operation.endsWith('Batch')) {
    const { Entries, ...rest } = entriesSchema.parse(parsed);
    const [done, left] = halves(Entries);
    const answer = done.length === 0 ? {} : await jsonOf(changed({ ...rest, Entries: done }));
    const Failed = left.map(({ Id }) => ({
      Id,
      SenderFault: false,
      Code: 'InternalError',
      Message: 'A fault',
    }));
    return sendJson(res, '1.0', {
      status: 200,
      body: { Successful: [], ...answer, Failed: [...(answer.Failed ?? []), ...Failed] },
    });
  }
  const { RequestItems, ...rest } = requestsSchema.parse(parsed);
  const done: Record<string, unknown> = {};
  const left: Record<string, unknown> = {};
  for (const [table, requests] of Object.entries(RequestItems)) {
    const [first, second] = halvesOf(requests);
    if (first !== undefined) done[table] = first;
    if (second !== undefined) left[table] = second;
  }
  const isWrite = operation === 'BatchWriteItem';
  const answer = Object.keys(done).length === 0 ? {} : await jsonOf(changed({ ...rest, RequestItems: done }));
  sendJson(res, '1.0', {
    status: 200,
    body: isWrite
      ? { ...answer, UnprocessedItems: { ...(answer.UnprocessedItems ?? {}), ...left } }
      : { Responses: {}, ...answer, UnprocessedKeys: { ...(answer.UnprocessedKeys ?? {}), ...left } },
  });
}

const answerSchema = z.looseObject({
  Failed: z.array(z.unknown()).optional(),
  UnprocessedItems: z.record(z.string(), z.unknown()).optional(),
  UnprocessedKeys: z.record(z.string(), z.unknown()).optional(),
});

const jsonOf = async (call: Call) => answerSchema.parse(JSON.parse((await doneAside(call)).toString()));

/** The first half is done; of one entry nothing is done. */
function halves<T>(list: readonly T[]): [T[], T[]] {
  const middle = Math.floor(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}

/** The requests of one table: a list of writes, or an object with keys. */
function halvesOf(requests: unknown): [unknown, unknown] {
  const isList = Array.isArray(requests);
  const list = isList ? requests : keysSchema.parse(requests).Keys;
  const [done, left] = halves(list).map((part) =>
    part.length === 0 ? undefined : isList ? part : { ...z.looseObject({}).parse(requests), Keys: part },
  );
  return [done, left];
}

/** Every receipt has expired: nothing is done. */
function refuseReceipts({ res, body }: Call): void {
  const { Entries } = entriesSchema.parse(JSON.parse(body.toString()));
  const Failed = Entries.map(({ Id }) => ({
    Id,
    SenderFault: true,
    Code: 'ReceiptHandleIsInvalid',
    Message: 'The receipt handle has expired',
  }));
  sendJson(res, '1.0', { status: 200, body: { Successful: [], Failed } });
}

const isSqs = ({ req }: Call) => String(req.headers['x-amz-target']).startsWith('AmazonSQS');
const isSecrets = ({ req }: Call) => String(req.headers['x-amz-target']).startsWith('secretsmanager');

function errorOf(call: Call): string {
  if (isSqs(call)) return 'com.amazonaws.sqs#InternalError';
  return isSecrets(call) ? 'InternalServiceError' : 'com.amazonaws.dynamodb.v20120810#InternalServerError';
}

function throttleOf(call: Call): string {
  if (isSqs(call)) return 'com.amazonaws.sqs#RequestThrottled';
  if (isSecrets(call)) return 'ThrottlingException';
  return 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
}
