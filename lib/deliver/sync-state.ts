// Brings a subscription's state in line with its config item and the time, before anything of it is attempted.
import { faultsAsText } from '#lib/item/fault.ts';
import { change } from '#lib/state/change.ts';
import { type DrainStartDeps, openAndDrain } from '#lib/state/drains.ts';
import { dueWithoutBacklog, itemChanged, itemWrong } from '#lib/state/machine.ts';
import type { ConfigItem, Registration } from '#lib/state/registration.ts';

/** A changed item resumes the subscription, an invalid one pauses it, and an outage that is due and has no backlog ends. */
export async function syncState(
  registration: Registration,
  config: Exclude<ConfigItem, { kind: 'absent' }>,
  deps: DrainStartDeps,
): Promise<void> {
  const { itemHash } = config;
  if (config.kind === 'invalid') {
    const why = { detail: faultsAsText(config.faults), itemHash };
    // Checked first without a write: most messages find the state as it should be.
    if (itemWrong(registration.state, why, deps.now())) {
      await change(registration, (state) => itemWrong(state, why, deps.now()), deps);
    }
    return;
  }
  if (itemChanged(registration.state, itemHash)) {
    await openAndDrain(registration, (state) => itemChanged(state, itemHash), deps);
  }
  if (dueWithoutBacklog(registration.state, deps.now())) {
    await change(registration, (state) => dueWithoutBacklog(state, deps.now()), deps);
  }
}
