// How many deliveries a second a simulated stage keeps up with, everything raised that its operator can raise.
import { MOST_SLOTS } from '#lib/scale/limits.ts';
import type { ScaleLoad, StageSettings } from '#lib/scale/load.ts';
import { QUOTAS, type Range } from '#lib/scale/quotas.ts';
import { formulaOf } from './formula.ts';
import type { Fill } from './queue.ts';
import { simulateStage } from './stage.ts';

/** Each step halves what is not known. */
const STEPS = 5;
const MORE_THAN_ANY = 10_000_000;

/** The stage after its operator has turned what can be turned. */
export const raised = (settings: StageSettings): StageSettings => ({
  ...settings,
  deliverMaximumConcurrency: QUOTAS.mappingConcurrency,
  routeMaximumConcurrency: QUOTAS.mappingConcurrency,
  slowDrainBudget: MOST_SLOTS,
});

export type KeptUp = {
  /** Deliveries a second. */
  readonly perSecond: number;
  /** What is used most at the lowest rate that was too much. Undefined: no rate was. */
  readonly limit: string | undefined;
};

/**
 * The highest rate at which the queues do not grow and no partition of DynamoDB has more than its units, give or take a few
 * percent. It is searched below that of the formulas. The quotas of tables do not count, because they can be raised.
 */
export function keptUpWith(
  load: ScaleLoad,
  settings: StageSettings,
  { fill, side, seed }: { readonly fill: Fill; readonly side: keyof Range; readonly seed: number },
): KeptUp {
  const all = (end: Fill) => formulaOf({ ...load, rate: MORE_THAN_ANY, slow: 0 }, settings, end).perSecond;
  let [keeps, grows] = [0, all('eachLane').high];
  let limit: string | undefined;
  for (let step = 0; step < STEPS; step++) {
    // The first guess is the slowest end, which is far below the fastest one.
    const rate = step === 0 ? Math.min(grows / 2, all('oneMessage').low) : (keeps + grows) / 2;
    // Long enough that the lanes and the batches have found their balance.
    const warmUpMs = Math.max(3_000, 10 * load.latencyMs);
    const run = { fill, side, seed, warmUpMs, forMs: warmUpMs };
    const simulated = simulateStage({ ...load, rate, slow: 0 }, settings, run);
    const fixed = simulated.used.filter(({ canBeRaised }) => !canBeRaised);
    if (simulated.grows || fixed.some(({ share }) => share > 1)) {
      grows = rate;
      limit = fixed[0]?.name;
    } else keeps = rate;
  }
  return { perSecond: keeps, limit };
}
