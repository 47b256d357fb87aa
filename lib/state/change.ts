// One subscription and its state as it changes while somebody works on it: a batch, a look, a request. Whoever holds it
// sees what is so now.
import type { Announce } from './announce.ts';
import type { Registration } from './registration.ts';
import type { State } from './state.ts';
import { changeState, type StateDeps } from './state-item.ts';

export type ChangeDeps = StateDeps & { readonly announce: Announce };

/** Changes the state by a decision, and tells of a pause or an opening. Throws when DynamoDB fails. */
export async function change(
  subject: Pick<Registration, 'id' | 'state'>,
  decide: (state: State) => State | undefined,
  deps: ChangeDeps,
): Promise<boolean> {
  const before = subject.state;
  const { state, changed } = await changeState(subject.id, before, decide, deps);
  // Lanes change it side by side, and an older answer may be the later to come. Set before anybody is told: telling
  // takes its time, and the other lanes must not go on meanwhile.
  if (state.version >= subject.state.version) subject.state = state;
  if (changed) await deps.announce(subject.id, before, state);
  return changed;
}
