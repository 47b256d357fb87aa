import { expect, test } from 'vitest';
import type { InvocationResult } from '#lib/local/environment.ts';
import { actOut } from '#test/faults/act.ts';
import type { CarriedOut } from '#test/faults/met.ts';
import type { Event, Plan } from '#test/faults/plan.ts';
import { planOfOne } from '#test/faults/plan-of-one.ts';

const pause = { do: 'pause', subscription: 's0-0', atMs: 0 } as const;
const sweep = { do: 'sweep', atMs: 0 } as const;

/** The events of this plan that were carried out, when the pause ends with this result. */
async function carriedOut(
  events: Plan['events'],
  result: InvocationResult,
): Promise<readonly (Event | 'unsure')[]> {
  const found: CarriedOut[] = [];
  const functions = { running: () => [], run: async () => result };
  const scene = { stage: { set: { functions }, sweep: async () => {} }, events: found };
  const plan = planOfOne({ settings: {}, answers: [], messages: 0, everyMs: 0, events });
  await actOut(plan, scene as unknown as Parameters<typeof actOut>[1]);
  return found.map(({ event, isUnsure }) => (isUnsure ? 'unsure' : event));
}

test('a pause by hand that was refused was not carried out, and nobody knows it of one that was killed', async () => {
  const answered = (ok: boolean) => carriedOut([pause, sweep], { ok: true, payload: { ok, message: '' } });
  expect(await answered(true)).toEqual([pause, sweep]);
  expect(await answered(false)).toEqual([sweep]);
  const killed = { ok: false, errorType: 'Runtime.ExitError', errorMessage: '' } as const;
  expect(await carriedOut([pause, sweep], killed)).toEqual(['unsure', sweep]);
});
