// Helpers for the directed tests of the backlog.
import type { Call, Fate } from './lambda.ts';
import type { Answer, Request } from './ledger.ts';
import type { World } from './world.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Gives the n-th matching call, counted from 1, this fate; other calls succeed. */
export function nth(n: number, fate: Fate, fits: (call: Call) => boolean): (call: Call) => Fate {
  let seen = 0;
  return (call) => (fits(call) && ++seen === n ? fate : undefined);
}

/** Answers by message id: each list in order, its last answer for ever. Messages without a list get 200. */
export function answers(
  byId: Readonly<Record<string, readonly (Answer | number)[]>>,
): (request: Request) => Answer {
  const seen = new Map<string, number>();
  return ({ messageId }) => {
    const list = byId[messageId] ?? [200];
    const at = seen.get(messageId) ?? 0;
    seen.set(messageId, at + 1);
    const answer = list[Math.min(at, list.length - 1)] ?? 200;
    return typeof answer === 'number' ? { status: answer } : answer;
  };
}

/** The ids of delivered messages in the order of their first 2xx. */
export const delivered = (world: World, subscription: string): string[] => [
  ...new Set(
    world.ledger
      .of(subscription)
      .flatMap(({ status = 0, messageId }) => (status >= 200 && status < 300 ? messageId : [])),
  ),
];

/** All requests of a subscription, as `id:status`. */
export const requested = (world: World, subscription: string): string[] =>
  world.ledger
    .of(subscription)
    .map(({ messageId, status, unsent }) => `${messageId}:${unsent ? 'unsent' : (status ?? 'none')}`);

/** Counts the messages in each place; all counts are zero at the end of a run that loses nothing. */
export async function remains(world: World, subscription: string) {
  const { pause, lanes } = await world.state(subscription);
  return {
    queues: world.left(),
    entries: world.entries(subscription).length,
    lanes: Object.keys(lanes).length,
    pause: pause?.reason,
  };
}
export const NOTHING = { queues: 0, entries: 0, lanes: 0, pause: undefined } as const;

/** A state that shows no pause and no closed lane, nor ever did. */
export const NEVER_STOPPED = { epoch: 0, drains: 0 } as const;

/** Moves the time forward until no message of the subscription is left, or an hour has passed. */
export async function rest(world: World, subscription: string): Promise<void> {
  for (let minutes = 0; minutes < 60; minutes++) {
    await world.pass(MINUTE);
    const { queues, entries, lanes, pause } = await remains(world, subscription);
    if (queues + entries + lanes === 0 && pause === undefined) return;
  }
}

export function publishMany(world: World, subscription: string, count: number): string[] {
  const ids = Array.from({ length: count }, (_, index) => `m${String(index + 1).padStart(2, '0')}`);
  for (const id of ids) world.publish(subscription, id);
  return ids;
}
