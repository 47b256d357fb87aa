import { expect, test } from 'vitest';
import { actOut } from '#test/faults/act.ts';
import type { CarriedOut } from '#test/faults/met.ts';
import type { Event, Plan } from '#test/faults/plan.ts';
import { planOfOne } from '#test/faults/plan-of-one.ts';

const pause = { do: 'pause', subscription: 's0-0', atMs: 0 } as const;
const sweep = { do: 'sweep', atMs: 0 } as const;

/** The events of this plan that were carried out, when the pause is answered so. */
async function carriedOut(events: Plan['events'], ok: boolean): Promise<readonly Event[]> {
  const found: CarriedOut[] = [];
  const functions = { running: () => [], run: async () => ({ ok }) };
  const scene = { stage: { set: { functions }, sweep: async () => {} }, events: found };
  const plan = planOfOne({ settings: {}, answers: [], messages: 0, everyMs: 0, events });
  await actOut(plan, scene as unknown as Parameters<typeof actOut>[1]);
  return found.map(({ event }) => event);
}

test('a pause by hand that failed was not carried out', async () => {
  expect(await carriedOut([pause, sweep], true)).toEqual([pause, sweep]);
  expect(await carriedOut([pause, sweep], false)).toEqual([sweep]);
});
