// The phases of a subscription and the events that change them, as a table. machine.ts follows it, and its test reads it.
//
// going    delivers; its closed lanes drain
// outage   waits until `resumeAt`; then one lane probes with its head
// stopped  waits for a person or for a new config item
import type { State } from './state.ts';

export const PHASES = ['going', 'outage', 'stopped'] as const;
export type Phase = (typeof PHASES)[number];

export const EVENTS = [
  /** An attempt failed and may not be retried now. After its epoch it may only lengthen the wait of an outage. */
  'failed',
  /** A failure that waiting can't heal. After an attempt, it counts only in the attempt's epoch. */
  'refused',
  /** A probe, or another message sent during the outage, succeeded. Counts only in its epoch. */
  'went-well',
  /** The config item is valid, and differs from the one on which the subscription paused. */
  'item-changed',
  /** The config item is invalid. */
  'item-wrong',
  'asked-to-resume',
  'asked-to-pause',
] as const;
export type StateEvent = (typeof EVENTS)[number];

/** The phase after each event in each phase; `stay` changes nothing. Except for a pause by hand, a changed item ends a stop. */
export const TRANSITIONS: { readonly [phase in Phase]: { readonly [event in StateEvent]: Phase | 'stay' } } =
  {
    going: {
      failed: 'outage',
      refused: 'stopped',
      'went-well': 'stay',
      'item-changed': 'stay',
      'item-wrong': 'stopped',
      'asked-to-resume': 'stay',
      'asked-to-pause': 'stopped',
    },
    outage: {
      failed: 'outage',
      refused: 'stopped',
      'went-well': 'going',
      'item-changed': 'going',
      'item-wrong': 'stopped',
      'asked-to-resume': 'going',
      'asked-to-pause': 'stopped',
    },
    stopped: {
      failed: 'stay',
      refused: 'stay',
      'went-well': 'stay',
      'item-changed': 'going',
      'item-wrong': 'stopped',
      'asked-to-resume': 'going',
      'asked-to-pause': 'stopped',
    },
  };

/** The phase of a state: going, outage (it has a time to resume) or stopped (it waits for a person). */
export const phaseOf = ({ pause }: State): Phase =>
  pause === undefined ? 'going' : pause.resumeAt === undefined ? 'stopped' : 'outage';

/** Whether the subscription was paused after this epoch: by another lane, or by an earlier request. */
export const isPausedSince = (state: State, epoch: number): boolean =>
  state.epoch !== epoch && phaseOf(state) !== 'going';

/** Whether the event changes anything in the state's present phase. */
export const counts = (event: StateEvent, state: State): boolean =>
  TRANSITIONS[phaseOf(state)][event] !== 'stay';
