// Changes a subscription's state while a batch, a check or a request works on it, and keeps the copy in memory current.
import type { Announce } from './announce.ts';
import type { Registration } from './registration.ts';
import type { State } from './state.ts';
import { changeState, type StateDeps } from './state-item.ts';

export type ChangeDeps = StateDeps & { readonly announce: Announce };

/** Changes the state by `decide`, and announces a pause or a resume. Returns whether it changed. Throws when DynamoDB fails. */
export async function change(
  subject: Pick<Registration, 'id' | 'state'>,
  decide: (state: State) => State | undefined,
  deps: ChangeDeps,
): Promise<boolean> {
  const { state, changed, before } = await changeState(subject.id, subject.state, decide, deps);
  // Lanes change the state in parallel, and answers may arrive out of order: keep the newest. Set before the announcement,
  // which takes time in which the other lanes must see the pause.
  if (state.version >= subject.state.version) subject.state = state;
  if (changed) await deps.announce(subject.id, before, state);
  return changed;
}
