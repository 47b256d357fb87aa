// One call, from target and body to its answer: it is logged, hit by an injected fault if there is one, and carried out.
import type { Clock } from '#lib/local/aws/clock.ts';
import type { Faults, InjectedFault } from '#lib/local/aws/faults.ts';
import type { Calls } from './calls.ts';
import type { OperationContext, Operations } from './operation.ts';
import { Refusal, wireOf } from './refusal.ts';

export type SqsAnswer = {
  readonly status: number;
  readonly body: object;
  /** The error's name in the old query protocol and its side (`…;Sender`, `…;Receiver`): SDKs name errors by it. */
  readonly queryError?: string;
  /** The connection is closed without an answer. */
  readonly dropped?: boolean;
};

export type Caller = {
  /** The Host header: queue URLs begin with it. */
  readonly host?: string | undefined;
  /** Aborted when the caller closed its connection: its long poll then takes no message. */
  readonly signal?: AbortSignal | undefined;
};

export type Handle = (target: string, body: unknown, caller?: Caller) => Promise<SqsAnswer>;

type Dependencies = {
  readonly operations: Operations;
  readonly faults: Faults;
  readonly calls: Calls;
  readonly clock: Pick<Clock, 'now'>;
};

const PREFIX = 'AmazonSQS.';

export function refuse({ code, message }: Pick<Refusal, 'code' | 'message'>): SqsAnswer {
  const { shape, query, status } = wireOf(code);
  return {
    status,
    body: { __type: `com.amazonaws.sqs#${shape}`, message },
    queryError: `${query};${status < 500 ? 'Sender' : 'Receiver'}`,
  };
}

const member = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;

/** The name of the queue that a call is about, if it says so anywhere. */
function queueOf(body: unknown): string | undefined {
  for (const name of ['QueueUrl', 'QueueName']) {
    const value = member(body, name);
    if (typeof value === 'string') return value.split('/').at(-1);
  }
  return undefined;
}

function refusalFor(fault: InjectedFault | undefined): Refusal | undefined {
  if (fault?.kind === 'error') return new Refusal('InternalError', 'A fault was ordered for this call.');
  if (fault?.kind === 'throttle')
    return new Refusal('RequestThrottled', 'A fault was ordered for this call.');
  return undefined;
}

export function createHandle({ operations, faults, calls, clock }: Dependencies): Handle {
  async function run(name: string, body: unknown, context: OperationContext): Promise<SqsAnswer> {
    try {
      const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
      if (!operation)
        throw new Refusal('InvalidAction', `The local set does not serve the operation ${name}.`);
      return { status: 200, body: await operation(body, context) };
    } catch (error) {
      if (error instanceof Refusal) return refuse(error);
      return refuse({ code: 'InternalError', message: `A bug of the emulator: ${error}` });
    }
  }

  return async (target, body, { host = 'localhost', signal } = {}) => {
    const name = target.startsWith(PREFIX) ? target.slice(PREFIX.length) : target;
    const queue = queueOf(body);
    const entries = member(body, 'Entries');
    calls.add({
      operation: name,
      queue,
      entries: Array.isArray(entries) ? entries.length : 1,
      at: clock.now(),
    });
    const fault = faults.take(name, queue);
    const ordered = refusalFor(fault);
    if (ordered) return refuse(ordered);
    const refuses = (id: string): boolean =>
      fault?.kind === 'refuse-entries' && (fault.entries?.includes(id) ?? true);
    const answer = await run(name, body, { host, signal, refuses });
    return fault?.kind === 'lost-answer' ? { ...answer, dropped: true } : answer;
  };
}
