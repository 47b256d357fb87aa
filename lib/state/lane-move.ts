// Another number of lanes, under order by key: a key's older messages are in one lane, and its newer ones come into another.
// While they are moved, every message is parked and nothing is delivered. A token goes through each old lane, behind its
// messages, and deliver/move-lane.ts moves what is parked there. Entries keep their place; the last lane ends the move.
import type { Delivery } from '#lib/message/attribute.ts';
import { isOtherLane } from '#lib/message/lane.ts';
import type { LaneLayout } from '#lib/message/lane-layout.ts';
import { sendToken, type TokenDeps } from '#lib/queue/tokens.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import { type ChangeDeps, change } from './change.ts';
import { type DrainStartDeps, sendAllTokens } from './drains.ts';
import { laneClosed, lanesRenumbered, probeAwaited, TOKEN_MS, untilAfter } from './lanes.ts';
import { lanesOfConfig, type Registration } from './registration.ts';
import { closedLanes, type LaneMove, type State } from './state.ts';
import { phaseOf } from './transitions.ts';

export type LaneMoveDeps = ChangeDeps &
  TokenDeps & {
    readonly log: Log;
    /** Milliseconds for which `route` may still use the old number of lanes. */
    readonly staleLanesMs: number;
  };

/**
 * Whether messages of this subscription are being moved to other lanes, so that nothing of it may be delivered. Begins the
 * move when the item has another number of lanes than the messages. Throws when DynamoDB fails.
 */
export async function lanesAreMoving(
  registration: Registration,
  layout: LaneLayout,
  deps: LaneMoveDeps,
): Promise<boolean> {
  // Without an order of keys or of the subscription there is none to keep.
  if (layout.several) return false;
  const begin = (state: State) => moveBegun(state, layout.requests, deps.now(), deps.staleLanesMs);
  if (!begin(registration.state)) return registration.state.move !== undefined;
  if (await change(registration, begin, deps)) await sendMoveTokens(registration, deps);
  return registration.state.move !== undefined;
}

/** The state in which a move to this number of lanes has begun. Undefined: it is not needed, or a move is under way. */
function moveBegun(state: State, to: number, now: number, staleLanesMs: number): State | undefined {
  if (state.move !== undefined || (state.layout ?? 1) === to) return undefined;
  const isNew = state.layout === undefined && closedLanes(state).length === 0;
  // No sender has noted its lanes (lane-notes.ts): the first messages of a new subscription do not wait.
  return isNew
    ? moveTo(state, to, { notBefore: now, isNew })
    : moveTo(state, to, { notBefore: now + staleLanesMs });
}

/**
 * The state in which messages may be sent by this number of lanes (lane-notes.ts): it has the number, or a move to it. During
 * a move to another number, a new move begins: messages may be in any lane of either. Undefined: the state is like this.
 */
export function lanesNoted(state: State, to: number, now: number, staleLanesMs: number): State | undefined {
  const { layout, move } = state;
  if (move === undefined)
    return layout === undefined && to === 1
      ? { ...state, layout: 1 }
      : moveBegun(state, to, now, staleLanesMs);
  return move.to === to ? undefined : moveTo(state, to, { notBefore: now + staleLanesMs });
}

function moveTo(state: State, to: number, how: Pick<LaneMove, 'notBefore' | 'isNew'>): State {
  const number = state.drains + 1;
  return {
    ...state,
    drains: number,
    move: { to, number, from: usedLanes(state), moved: [], sends: 1, ...how },
  };
}

/** The lanes in which messages may be: those of the layout, those of a move that is under way, and the closed ones. */
function usedLanes(state: State): number[] {
  const { layout = 1, move } = state;
  const lanes = Array.from({ length: Math.max(layout, move?.to ?? 0) }, (_, lane) => lane);
  return [...new Set([...lanes, ...(move?.from ?? []), ...(move?.moved ?? []), ...closedLanes(state)])];
}

/**
 * Makes the first move of a new subscription wait like any other move, because older messages were found. Undefined: the
 * state has no move of this kind.
 */
export function moveExtended(
  state: State,
  number: number,
  now: number,
  staleLanesMs: number,
): State | undefined {
  if (state.move?.number !== number || state.move.isNew === undefined) return undefined;
  const { isNew: _, ...move } = state.move;
  return { ...state, move: { ...move, notBefore: now + staleLanesMs, sends: move.sends + 1 } };
}

/** Whether the tokens of a move are overdue, and the state in which they are sent again. */
export function moveRepeated(state: State, now: number): State | undefined {
  const { move } = state;
  if (move === undefined || now - move.notBefore < TOKEN_MS) return undefined;
  return { ...state, move: { ...move, notBefore: now, sends: move.sends + 1 } };
}

/** Sends a token through each lane that is not moved yet. A token that can't be sent is logged, and the sweep sends it later. */
export async function sendMoveTokens(
  { id, state: { move } }: Pick<Registration, 'id' | 'state'>,
  deps: TokenDeps & { readonly log: Log },
): Promise<void> {
  if (move === undefined) return;
  const { number, sends, notBefore } = move;
  for (const lane of move.from) {
    const command = { do: 'move', number } as const;
    try {
      // `drain` makes a repeat another message: SQS drops what it has seen.
      await sendToken({ subscription: id, lane, drain: sends, command, notBefore }, deps);
    } catch (error) {
      deps.log.error('token.not-sent', { subscription: id, lane, error: errorName(error) });
    }
  }
}

/** Closes lanes that get messages by a move. Undefined: all are closed. */
export function lanesClosed(state: State, lanes: Iterable<number>, now: number): State | undefined {
  let next: State | undefined;
  for (const lane of lanes) next = laneClosed(next ?? state, lane, now) ?? next;
  return next;
}

/**
 * Notes that a lane's messages are moved. Lanes that were closed meanwhile come next: messages that were routed by an item
 * between the two came into them. After the last lane the move ends. Undefined: another move is under way, or none.
 */
export function laneMoved(state: State, lane: number, number: number, now: number): State | undefined {
  const { move } = state;
  if (move?.number !== number || !move.from.includes(lane)) return undefined;
  const moved = [...move.moved, lane];
  const from = move.from.filter((one) => one !== lane);
  if (from.length > 0) return { ...state, move: { ...move, from, moved } };
  const next = closedLanes(state).filter((one) => !moved.includes(one));
  if (next.length === 0) return moveEnded(state, move, now);
  return { ...state, move: { ...move, from: next, moved, notBefore: now, sends: move.sends + 1 } };
}

/**
 * Messages are to be parked in this lane during a move. Where the lane was moved already and some of them belong to another
 * one, it is moved again: `route` still used an older item. Not so where the item has no order now: `route` sends into its
 * lanes without a note, and each message would prolong the move. Throws when DynamoDB fails.
 */
export async function noteMisplaced(
  registration: Registration,
  lane: number,
  deliveries: readonly Pick<Delivery, 'key' | 'messageId'>[],
  deps: ChangeDeps & TokenDeps & { readonly log: Log },
): Promise<void> {
  const again = (state: State): State | undefined => {
    const { move } = state;
    if (!move?.moved.includes(lane)) return undefined;
    const layout = { requests: move.to, several: false, byKey: true } as const;
    if (!deliveries.some((delivery) => isOtherLane(delivery, lane, layout))) return undefined;
    const moved = move.moved.filter((one) => one !== lane);
    return { ...state, move: { ...move, moved, from: [...move.from, lane], sends: move.sends + 1 } };
  };
  const { config } = registration;
  if (config.kind === 'absent' || lanesOfConfig(config).several) return;
  if (again(registration.state) && (await change(registration, again, deps)))
    await sendMoveTokens(registration, deps);
}

/** Tokens that arrived during the move were dropped: each closed lane gets a new number, and its token now. */
function moveEnded({ move: _, ...state }: State, { to }: LaneMove, now: number): State {
  const ended = { ...lanesRenumbered(state), layout: to };
  if (phaseOf(ended) !== 'going') return probeAwaited(ended, now);
  const until = state.slow === undefined ? untilAfter(now, 0) : now;
  const lanes = Object.entries(ended.lanes).map(([lane, closed]) => [lane, { ...closed, until }]);
  return { ...ended, lanes: Object.fromEntries(lanes) };
}

/** Notes that a lane is moved, and sends the tokens of the next lanes, or of the drains. Throws when DynamoDB fails. */
export async function endLaneMove(
  registration: Registration,
  { lane, number }: { readonly lane: number; readonly number: number },
  deps: DrainStartDeps,
): Promise<void> {
  const sends = registration.state.move?.sends;
  const changed = await change(registration, (state) => laneMoved(state, lane, number, deps.now()), deps);
  if (!changed) return;
  const { move } = registration.state;
  if (move === undefined) await sendAllTokens(registration, deps);
  else if (move.sends !== sends) await sendMoveTokens(registration, deps);
}
