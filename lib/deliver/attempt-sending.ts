// The messages of one request until each has its end: together, and one by one where one of them may be the fault. Those
// that their subscription does not want, and those that are too old, are not sent.
import { isPausedSince } from '#lib/state/transitions.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { type AttemptContext, type Bounds, RESERVE_MS } from './attempt-context.ts';
import { type AttemptLoopDeps, attemptUntilSettled, type OneByOne } from './attempt-loop.ts';
import type { DeliveryMessage } from './delivery-message.ts';
import { leaveInBacklog } from './pause.ts';
import { eachAlone, type Members, nextRequest, type Sending } from './request-batch.ts';
import { expire, isToExpire, type TooOldDeps } from './too-old.ts';
import { filterOut, isWantedBy } from './wanted.ts';

export type SendingDeps = AttemptLoopDeps &
  TooOldDeps & {
    /** Name of the deployment's stage. */
    readonly stage: string;
  };

type Ending = 'settled' | 'stays' | 'out-of-time';
/** Gets each number of messages, from the first on, that have left their place. The next request waits for it. */
type OnSettled = (messages: number) => Promise<void>;
type Circumstances = { readonly context: AttemptContext; readonly bounds: Bounds };

/** The decision about a message before a request is sent. */
type Fate = 'send' | 'filter-out' | 'expire';

/**
 * Attempts the messages of a request. Returns what became of the first message that has not left its place; `settled` when
 * there is none. Throws when AWS fails: then those that are not settled by then stay where they are.
 */
export async function attemptSending(
  sending: Sending,
  onSettled: OnSettled,
  circumstances: Circumstances,
  deps: SendingDeps,
): Promise<Ending> {
  const { subscription } = circumstances.context.config;
  for (const message of sending.members) {
    if ((await fateOf(message, subscription, deps)) !== 'send')
      return await inParts(sending.members, onSettled, circumstances, deps);
  }
  return await attemptTogether(sending, onSettled, circumstances, deps);
}

async function fateOf(
  message: DeliveryMessage,
  subscription: Subscription,
  deps: SendingDeps,
): Promise<Fate> {
  if (!isWantedBy(subscription, message)) return 'filter-out';
  return (await isToExpire(subscription, message, deps)) ? 'expire' : 'send';
}

/** Sends away what is not to be sent, and attempts the others in between. */
async function inParts(
  members: Members,
  onSettled: OnSettled,
  { context, bounds }: Circumstances,
  deps: SendingDeps,
): Promise<Ending> {
  const { registration, config } = context;
  const { subscription } = config;
  // Each part holds consecutive messages: what is settled is counted from the first on.
  const { epoch } = registration.state;
  const wasPaused = registration.state.pause !== undefined;
  let done = 0;
  while (done < members.length) {
    if (deps.now() > Math.min(bounds.startBy ?? bounds.endsAt, bounds.endsAt - RESERVE_MS))
      return 'out-of-time';
    const rest = members.slice(done);
    const { fate, messages } = await firstOfOneFate(rest, subscription, deps);
    if (fate !== 'send') {
      await sendAway(messages, fate, subscription, deps);
      await onSettled(messages.length);
      done += messages.length;
      continue;
    }
    // An earlier request of this lane, or another lane, has paused the subscription.
    if (isPausedSince(registration.state, epoch)) {
      const left = await leaveInBacklog(rest, context, deps);
      if (left === 'settled') await onSettled(rest.length);
      return left;
    }
    const request = nextRequest(messages, subscription, deps.stage);
    if (request === undefined) throw new TypeError('a part has no message');
    const own = behindProbe(context, wasPaused, request.members[0]);
    const ending = await attemptTogether(request, onSettled, { context: own, bounds }, deps);
    if (ending !== 'settled') return ending;
    done += request.members.length;
  }
  return 'settled';
}

/** The first message, and those after it that have the same fate. */
async function firstOfOneFate(
  messages: readonly DeliveryMessage[],
  subscription: Subscription,
  deps: SendingDeps,
): Promise<{ readonly fate: Fate; readonly messages: readonly DeliveryMessage[] }> {
  let fate: Fate | undefined;
  for (const [index, message] of messages.entries()) {
    const own = await fateOf(message, subscription, deps);
    fate ??= own;
    if (own !== fate) return { fate, messages: messages.slice(0, index) };
  }
  return { fate: fate ?? 'send', messages };
}

/**
 * The context of the next message. A probe has no retries; the messages behind it have theirs once it has ended the outage.
 * `wasPaused`: when the first of them was attempted.
 */
function behindProbe(
  context: AttemptContext,
  wasPaused: boolean,
  { delivery }: DeliveryMessage,
): AttemptContext {
  const isOver = wasPaused && context.registration.state.pause === undefined;
  return isOver ? { ...context, retries: delivery.retries ?? 0 } : context;
}

async function sendAway(
  messages: readonly DeliveryMessage[],
  fate: Exclude<Fate, 'send'>,
  subscription: Subscription,
  deps: SendingDeps,
): Promise<void> {
  if (fate === 'expire') await expire(messages, subscription, deps);
  else filterOut(messages, subscription, deps);
}

async function attemptTogether(
  sending: Sending,
  onSettled: OnSettled,
  { context, bounds }: Circumstances,
  deps: SendingDeps,
): Promise<Ending> {
  const done = await attemptUntilSettled(sending, context, bounds, deps);
  if (done === 'settled') await onSettled(sending.members.length);
  if (typeof done !== 'object') return done;
  const { members, retries } = done;
  if (done.kind === 'one-by-one') return await oneByOne(done, onSettled, { context, bounds }, deps);
  return await inParts(members, onSettled, { context: { ...context, retries }, bounds }, deps);
}

async function oneByOne(
  { members, retries }: OneByOne,
  onSettled: OnSettled,
  { context, bounds }: Circumstances,
  deps: SendingDeps,
): Promise<Ending> {
  const { registration, config } = context;
  const { subscription } = config;
  const { epoch } = registration.state;
  const wasPaused = registration.state.pause !== undefined;
  const alone = eachAlone(members);
  for (const [index, message] of alone.entries()) {
    // An earlier request of this lane, or another lane, has paused the subscription.
    if (isPausedSince(registration.state, epoch)) return await leaveFrom(index);
    const done = await attemptAlone(message);
    if (done === 'stays') return done;
    // In the next invocation the whole batch would be refused once more, and perhaps never have time for the first of it.
    if (done !== 'settled') return await leaveFrom(index);
    await onSettled(1);
  }
  return 'settled';

  async function attemptAlone(message: DeliveryMessage): Promise<Ending> {
    const sending = nextRequest([message], subscription, deps.stage) ?? { members: [message] };
    const own = behindProbe({ ...context, retries }, wasPaused, message);
    return await attemptSending(sending, async () => {}, { context: own, bounds }, deps);
  }

  async function leaveFrom(index: number): Promise<Ending> {
    const rest = alone.slice(index);
    const left = await leaveInBacklog(rest, context, deps);
    if (left === 'settled') await onSettled(rest.length);
    return left;
  }
}
