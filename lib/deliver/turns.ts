// A turn is the time from which a lane may make its next request, by the `rateLimit` of its subscription. An invocation waits for
// a turn that is near. Otherwise the messages wait in the backlog, and the lane's next token comes with a delay: no function waits.
import { laneCountIn } from '#lib/message/lane-layout.ts';
import { createLaneTurns, type LaneTurns, type Turn, type TurnsDeps } from '#lib/state/lane-turns.ts';
import { lanesOfConfig, type Registration } from '#lib/state/registration.ts';
import { laneRatesOf } from '#lib/subscription/rate-limit.ts';
import type { AttemptContext, Bounds } from './attempt-context.ts';

/** A later turn is not waited for. */
const MOST_WAIT_MS = 2_000;
/** For the messages from the queue of one lane, waits are at most this long together: more come behind them. */
export const QUEUE_WAIT_MS = 500;
/** A lane's delayed token is due this much before its turn: SQS delays by whole seconds, and the token has some way to go. */
const TOKEN_EARLY_MS = 1_500;

type Place = Pick<AttemptContext, 'registration' | 'config' | 'lane'>;

/** The turns of a lane. Undefined: its subscription has no rate, or it has no such lane. */
function turnsOf({ registration, config, lane }: Place, deps: TurnsDeps): LaneTurns | undefined {
  const { rateLimit } = config.subscription;
  const layout = lanesOfConfig(config);
  if (rateLimit === undefined || lane >= laneCountIn(layout)) return undefined;
  registration.turns ??= new Map();
  const known = registration.turns.get(lane);
  if (known !== undefined) return known;
  const rates = laneRatesOf(rateLimit, layout);
  const turns = createLaneTurns(registration.id, { lane, rates }, deps);
  registration.turns.set(lane, turns);
  return turns;
}

/** A turn that needs no wait and no end: the subscription has no rate. */
const FREE: Turn = { begin: async () => {}, end: () => {} };

/** Whether a turn at `at` is too late to be waited for from `from` on (epoch milliseconds). */
const isTooLate = (
  at: number,
  from: number,
  { endsAt, startBy = endsAt, turnsBy = endsAt }: Bounds,
): boolean => at > from && at > Math.min(from + MOST_WAIT_MS, startBy, turnsBy);

/**
 * Waits for the lane's next turn. Undefined: it is too late to be waited for. `bounds.startBy` is the latest time at which a
 * request may start. Throws when DynamoDB fails.
 */
export async function takeTurn(place: Place, bounds: Bounds, deps: TurnsDeps): Promise<Turn | undefined> {
  const turns = turnsOf(place, deps);
  return turns === undefined ? FREE : await turns.take((at, now) => isTooLate(at, now, bounds));
}

/** Whether a retry after `afterMs` has no turn that could be waited for in place. Throws when DynamoDB fails. */
export async function isTurnTooLate(
  afterMs: number,
  place: Place,
  bounds: Bounds,
  deps: TurnsDeps,
): Promise<boolean> {
  const turns = turnsOf(place, deps);
  if (turns === undefined) return false;
  const from = deps.now() + afterMs;
  return isTooLate(await turns.nextAt(), from, bounds);
}

/** When the lane's next token is due, epoch milliseconds. Undefined: now. Throws when DynamoDB fails. */
export async function tokenDueAt(place: Place, deps: TurnsDeps): Promise<number | undefined> {
  const at = (await turnsOf(place, deps)?.nextAt()) ?? 0;
  return at - deps.now() > MOST_WAIT_MS ? Math.ceil(at - TOKEN_EARLY_MS) : undefined;
}

/** Gives back the turns of a lane that were reserved and not used. Its next turn is read from DynamoDB again. Never throws. */
export async function endTurns(registration: Registration, lane: number): Promise<void> {
  const turns = registration.turns?.get(lane);
  registration.turns?.delete(lane);
  await turns?.end();
}
