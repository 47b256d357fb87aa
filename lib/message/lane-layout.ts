// How a subscription's cap of requests in flight is shared out over its lanes. An unordered lane has several requests in
// flight: a receive of a FIFO queue with a backlog brings ten messages of one lane, and an invocation that sends them one
// by one is billed for waiting. A message is assigned to a slot, and its lane is the lane of this slot, so a lane gets
// messages in proportion to its requests.

export type LaneLayout = {
  /** The most requests in flight, over all lanes together. */
  readonly requests: number;
  /** Whether a lane has several requests in flight. Otherwise each request has a lane of its own. */
  readonly several: boolean;
  /** Whether the messages of one key share a lane, and keep their order. */
  readonly byKey?: true;
};

/** One lane with one request in flight: strict order. */
export const ONE_LANE: LaneLayout = { requests: 1, several: false };

/**
 * Returns the lane of a slot; slots are numbered from 0. With several requests in a lane, the number of lanes is about the
 * square root of the cap. A cap that is larger by one gives one lane one more request, and no lane fewer. So while a cap
 * changes, the invocations that use the old cap and those that use the new one together never exceed the larger of the two.
 */
export function laneOfSlot(slot: number, { several }: Pick<LaneLayout, 'several'>): number {
  if (!several) return slot;
  const root = Math.floor(Math.sqrt(slot));
  const over = slot - root * root;
  return over < root ? over : root;
}

/** How many requests this lane may have in flight; 0 when there is no such lane. */
export function requestsInLane(lane: number, layout: LaneLayout): number {
  return slotsOf(layout).filter((slot) => laneOfSlot(slot, layout) === lane).length;
}

/** How many lanes there are, at least one. */
export function laneCountIn(layout: LaneLayout): number {
  return Math.max(0, ...slotsOf(layout).map((slot) => laneOfSlot(slot, layout))) + 1;
}

const slotsOf = ({ requests }: LaneLayout): readonly number[] =>
  Array.from({ length: requests }, (_, slot) => slot);
