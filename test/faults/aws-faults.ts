// Faults of the calls to AWS: a layer in front of the emulated services that fails, loses, delays, halves and doubles the calls
// of a plan, and ends the process that made one. The services behind it are unchanged.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Service } from '#lib/local/aws/endpoint.ts';
import { carryOut } from './call-faults.ts';
import type { Observed } from './met.ts';
import { callerOf } from './pid.ts';
import { ANY_CALL, type CallFault } from './plan.ts';

/** A call of a function. `target`: the URL of its queue, or `endpoint NAME` for the read of an endpoint's item. */
export type FunctionCall = { readonly operation: string; readonly target: string; readonly at: number };

/** A call that met a fault, when that was over, and its body. */
export type MetCall = Pick<CallFault, 'kind' | 'operation'> & { readonly at: number; readonly text: string };

export type AwsFaults = {
  intercept(service: Service): Service;
  /** Counts the calls from here on, and carries out these faults. `idleMs`: when a connection without a call is closed. */
  begin(faults: readonly CallFault[], idleMs?: number): void;
  /** The functions' next call of this operation has this fault. */
  next(kind: CallFault['kind'], operation: string): void;
  /** Ends all faults, but for those of any call: a run through all calls ends with its last one. */
  calm(): void;
  /** The faults that calls met since `begin`, each with the operation of its call: `error PutItem`. */
  met(): readonly string[];
  /** The calls that met a fault since `begin`. */
  metCalls(): readonly MetCall[];
  /** Since `begin`: the faults that calls met, the functions' calls, when `calm` was called, and whether a connection was closed. */
  observed(): Pick<Observed, 'calls' | 'asked' | 'calmAt' | 'awsIdled'>;
};

/** Faults that only a standard queue has. The calls for standard queues are counted for them. */
const OF_STANDARD_QUEUES: ReadonlySet<CallFault['kind']> = new Set(['received-twice', 'undeleted']);

export function createAwsFaults(): AwsFaults {
  const counts = new Map<string, number>();
  const idling = new WeakMap<Socket, NodeJS.Timeout>();
  let faults: readonly CallFault[] = [];
  let met: { readonly fault: CallFault; readonly call: MetCall }[] = [];
  let asked: FunctionCall[] = [];
  let calmAt = Number.POSITIVE_INFINITY;
  let awsIdled = false;
  let closesAfterMs: number | undefined;

  function counted(key: string): number {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  }

  function faultOf(operation: string, isPoller: boolean, body: Buffer): CallFault | undefined {
    const key = `${operation} ${isPoller}`;
    const ofOperation = counted(key);
    const queueUrl = queueUrlIn(body);
    const isStandard = queueUrl !== undefined && !queueUrl.endsWith('.fifo');
    const ofStandard = isStandard ? counted(`${key} standard`) : 0;
    const ofQueue = queueUrl === undefined ? 0 : counted(`${key} ${queueUrl}`);
    const ofAny = isPoller ? 0 : counted(ANY_CALL);
    return faults.find(({ kind, operation: faultOperation, pollers, from, times, queue }) => {
      if (pollers !== isPoller || (faultOperation !== operation && faultOperation !== ANY_CALL)) return false;
      if (queue !== undefined) return queueUrl?.endsWith(`-${queue}`) === true && isWithin(ofQueue);
      return isWithin(
        faultOperation === ANY_CALL ? ofAny : OF_STANDARD_QUEUES.has(kind) ? ofStandard : ofOperation,
      );

      function isWithin(count: number): boolean {
        return count >= from && count < from + times;
      }
    });
  }

  /** AWS closes connections on which no call comes for a while, also those of a frozen environment. */
  function closeIdle({ socket }: IncomingMessage, res: ServerResponse): void {
    clearTimeout(idling.get(socket));
    const ms = closesAfterMs;
    if (ms !== undefined)
      res.once('finish', () =>
        idling.set(
          socket,
          setTimeout(() => {
            awsIdled = true;
            socket.destroy();
          }, ms),
        ),
      );
  }

  return {
    met: () => met.map(({ call }) => `${call.kind} ${call.operation}`),
    metCalls: () => met.map(({ call }) => call),
    observed: () => ({ calls: met.map(({ fault }) => fault), asked, calmAt, awsIdled }),
    begin(planned, idleMs) {
      counts.clear();
      met = [];
      asked = [];
      calmAt = Number.POSITIVE_INFINITY;
      awsIdled = false;
      faults = planned;
      closesAfterMs = idleMs;
    },
    next(kind, operation) {
      const from = (counts.get(`${operation} false`) ?? 0) + 1;
      faults = [...faults, { kind, operation, from, times: 1, pollers: false }];
    },
    calm() {
      faults = faults.filter(({ operation }) => operation === ANY_CALL);
      closesAfterMs = undefined;
      // The first time: a redrive makes the stage calm once more.
      calmAt = Math.min(calmAt, Date.now());
    },
    intercept: (service) => ({
      async answer(req, res, body) {
        // The services write the date with the machine's clock, which a client would take for a skew of its own clock.
        res.setHeader('date', new Date().toUTCString());
        const operation = String(req.headers['x-amz-target']).split('.').at(-1) ?? '';
        const caller = callerOf(req.headers);
        if (caller !== undefined) {
          closeIdle(req, res);
          asked.push({ operation, target: targetOf(body), at: Date.now() });
        }
        const fault = faultOf(operation, caller === undefined, body);
        if (fault === undefined) return service.answer(req, res, body);
        let isMet = true;
        try {
          isMet = await carryOut(fault.kind, { req, res, body, service, operation }, caller);
        } finally {
          const call = { kind: fault.kind, operation, at: Date.now(), text: body.toString('latin1') };
          if (isMet) met.push({ fault, call });
        }
      },
    }),
  };
}

function targetOf(body: Buffer): string {
  const [, endpoint] = /-endpoints".*"name":\{"S":"([^"]*)"/.exec(body.toString('latin1')) ?? [];
  return endpoint === undefined ? (queueUrlIn(body) ?? '') : `endpoint ${endpoint}`;
}

function queueUrlIn(body: Buffer): string | undefined {
  const [, url] = /"QueueUrl":"([^"]*)"/.exec(body.toString('latin1')) ?? [];
  return url;
}
