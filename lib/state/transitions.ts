// The states of a subscription and what moves it from one to another, as a table: machine.ts obeys it, its test reads it.
//
// going    delivers; a closed lane drains
// outage   waits until `resumeAt`, then one lane probes with its head
// stopped  waits for a decision: a rejection, a person, a config item put anew
import type { State } from './state.ts';

export const PHASES = ['going', 'outage', 'stopped'] as const;
export type Phase = (typeof PHASES)[number];

export const EVENTS = [
  /** An attempt failed and nothing more may be tried for now. Counts only in the epoch that it began in. */
  'failed',
  /** Something that no waiting heals. Where it was attempted, it counts only in its epoch. */
  'refused',
  /** A probe, or anything else that was sent while waiting, went well. Counts only in its epoch. */
  'went-well',
  /** The config item is right, and not the one that it paused on. */
  'item-changed',
  /** The config item can't be used. */
  'item-wrong',
  'asked-to-resume',
  'asked-to-pause',
] as const;
export type StateEvent = (typeof EVENTS)[number];

/** Where each event leads from each phase; `stay` changes nothing. What a person paused, only a person resumes. */
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

export const phaseOf = ({ pause }: State): Phase =>
  pause === undefined ? 'going' : pause.resumeAt === undefined ? 'stopped' : 'outage';

/** Whether the event changes anything in the phase that the state is in. */
export const counts = (event: StateEvent, state: State): boolean =>
  TRANSITIONS[phaseOf(state)][event] !== 'stay';
