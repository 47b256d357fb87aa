// A lane: messages that are handed out one after the other. In a FIFO queue it is a message group; in a standard queue every message
// is a lane of its own, so that both kinds of queue share one rule.
//
// The rule, as recorded on AWS: a message that is invisible (in flight, or delayed) holds back itself and the LATER ones of its group.
// Earlier ones whose visibility has ended can be received while a later one is still in flight, for instance because that one was
// extended. So a lane is free exactly when its first message is visible, and what it hands out is the run of visible ones from there.
//
// One case is argued over: the first message is given back (visibility set to 0) while others of its group are in flight.
// AWS was recorded handing it out at once (LocalStack's tests that are marked aws.validated). Our conformance tests ask that nothing of
// the group is handed out until the others are settled, and the default follows them: the cautious reading of "no more of a group
// while any of it is in flight". The switch `fifoGivenBack: 'at-once'` follows AWS. Code that gives messages back must be right under
// both, and `at-once` is the stricter judge of it: there, a head that is given back runs beside the later ones that are still in flight.
// A visibility that merely ends, however short it was set, always frees its message: there is no record or check against that.
import { createLine, type Line, type Linked, unlinked } from './line.ts';
import type { Message } from './message.ts';
import type { Switches } from './switches.ts';

export interface LaneEntry extends Linked<LaneEntry> {
  readonly message: Message;
  /** Grows from message to message of a queue. */
  readonly sequence: bigint;
  readonly lane: Lane;
  /** When its retention began. */
  readonly enqueuedAt: number;
  state: 'visible' | 'inFlight' | 'delayed';
  /** Receives in this queue: the number of the newest receipt. */
  receives: number;
  firstReceivedAt: number;
  receivedAt: number;
  /** Given back with a visibility of 0, and not received since. */
  givenBack: boolean;
  /** Its visibility was changed since the newest receive. */
  changed: boolean;
  /** Takes back the timer that makes it visible, and the one that ends its retention. */
  cancelTimer: () => void;
  cancelExpiry: () => void;
}

/** Its links are its place among the lanes that can be received from. */
export interface Lane extends Linked<Lane> {
  readonly key: string;
  readonly entries: Line<LaneEntry>;
  inFlight: number;
}

export const createLane = (key: string): Lane => ({
  ...unlinked<Lane>(),
  key,
  entries: createLine(),
  inFlight: 0,
});

/** Whether an entry can be handed out now, those before it in its lane being handed out with it. */
export const isFree = (entry: LaneEntry, laneInFlight: number, switches: Switches): boolean =>
  entry.state === 'visible' &&
  !(entry.givenBack && laneInFlight > 0 && switches.fifoGivenBack === 'after-group');
