// The state of a subscription in one word, from what `resume` answers: the command line and the page show the same one.

export type ShownState = 'going' | 'slow' | 'draining' | 'outage' | 'stopped' | 'unreadable';

/** The states in the order in which they are summed up. */
export const STATES: readonly ShownState[] = ['going', 'slow', 'draining', 'outage', 'stopped', 'unreadable'];

type Seen = {
  readonly phase: 'going' | 'outage' | 'stopped' | 'unreadable';
  readonly slow?: unknown;
  readonly closedLanes: readonly number[];
};

/** Returns the state. A subscription that delivers and has closed lanes is draining its backlog. */
export function stateOf({ phase, slow, closedLanes }: Seen): ShownState {
  if (phase !== 'going') return phase;
  if (slow !== undefined) return 'slow';
  return closedLanes.length > 0 ? 'draining' : 'going';
}
