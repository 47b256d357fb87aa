// The messages of one request until each has its end: together, and one by one where one of them may be the fault.
import { phaseOf } from '#lib/state/transitions.ts';
import { leaveInBacklog } from './act.ts';
import type { AttemptContext, Bounds } from './attempt-context.ts';
import { type AttemptLoopDeps, attemptUntilSettled, type OneByOne } from './attempt-loop.ts';
import { eachAlone, nextRequest, type Sending } from './request-batch.ts';
import { filterOut, isWantedBy } from './wanted.ts';

export type SendingDeps = AttemptLoopDeps & {
  /** Name of the deployment's stage. */
  readonly stage: string;
};

type Ending = 'settled' | 'stays' | 'out-of-time';

/**
 * Attempts the messages of a request, and calls `onSettled` with each number of them, from the first on, that have left their
 * place. Returns what became of the message after these; `settled` when there is none. Throws when AWS fails: then those
 * that are not settled by then stay where they are.
 */
export async function attemptSending(
  sending: Sending,
  onSettled: (messages: number) => void,
  { context, bounds }: { readonly context: AttemptContext; readonly bounds: Bounds },
  deps: SendingDeps,
): Promise<Ending> {
  const { registration, config } = context;
  const { subscription } = config;
  const { members } = sending;
  if (members.every((message) => isWantedBy(subscription, message)))
    return await attemptTogether(sending, onSettled, { context, bounds }, deps);
  // Each request holds consecutive messages: what is settled is counted from the first on.
  const { epoch } = registration.state;
  let done = 0;
  while (done < members.length) {
    const rest = members.slice(done);
    const next = rest.findIndex((message) => !isWantedBy(subscription, message));
    const wanted = next === -1 ? rest : rest.slice(0, next);
    const request = nextRequest(wanted, subscription, deps.stage);
    if (request === undefined) {
      filterOut(rest.slice(0, 1), subscription, deps);
      onSettled(1);
      done += 1;
      continue;
    }
    // One of them, or another lane, has paused the subscription.
    if (registration.state.epoch !== epoch && phaseOf(registration.state) !== 'going') {
      const left = await leaveInBacklog(rest, context, deps);
      if (left === 'settled') onSettled(rest.length);
      return left;
    }
    const ending = await attemptTogether(request, onSettled, { context, bounds }, deps);
    if (ending !== 'settled') return ending;
    done += request.members.length;
  }
  return 'settled';
}

async function attemptTogether(
  sending: Sending,
  onSettled: (messages: number) => void,
  { context, bounds }: { readonly context: AttemptContext; readonly bounds: Bounds },
  deps: SendingDeps,
): Promise<Ending> {
  const done = await attemptUntilSettled(sending, context, bounds, deps);
  if (typeof done === 'object') return await oneByOne(done, onSettled, { context, bounds }, deps);
  if (done === 'settled') onSettled(sending.members.length);
  return done;
}

async function oneByOne(
  { members, retries }: OneByOne,
  onSettled: (messages: number) => void,
  { context, bounds }: { readonly context: AttemptContext; readonly bounds: Bounds },
  deps: SendingDeps,
): Promise<Ending> {
  const { registration, config } = context;
  const { epoch } = registration.state;
  const alone = eachAlone(members);
  for (const [index, message] of alone.entries()) {
    // One of them, or another lane, has paused the subscription.
    const isPaused = registration.state.epoch !== epoch && phaseOf(registration.state) !== 'going';
    if (isPaused) return await leaveFrom(index);
    const sending = nextRequest([message], config.subscription, deps.stage) ?? { members: [message] };
    const done = await attemptUntilSettled(sending, { ...context, retries }, bounds, deps);
    if (done === 'stays') return done;
    // In the next invocation the whole batch would be refused once more, and perhaps never have time for the first of it.
    if (done !== 'settled') return await leaveFrom(index);
    onSettled(1);
  }
  return 'settled';

  async function leaveFrom(index: number): Promise<Ending> {
    const rest = alone.slice(index);
    const left = await leaveInBacklog(rest, context, deps);
    if (left === 'settled') onSettled(rest.length);
    return left;
  }
}
