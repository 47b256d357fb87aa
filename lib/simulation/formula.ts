// What the formulas of the scale model say of the figures that are simulated too.
import { deliverInvocations, exchangeMs } from '#lib/scale/invocations.ts';
import type { BatchEnd, ScaleLoad, StageSettings } from '#lib/scale/load.ts';
import type { Range } from '#lib/scale/quotas.ts';
import type { Fill } from './queue.ts';

export type FormulaFigures = { readonly perSecond: Range; readonly busy: Range };

const ENDS: Readonly<Record<Fill, readonly [BatchEnd, BatchEnd]>> = {
  eachLane: ['full', 'full'],
  laneFirst: ['full', 'oneLane'],
  oneLane: ['oneLane', 'alone'],
  oneMessage: ['alone', 'alone'],
};

/** Deliveries a second and invocations of `deliver` at once, up to what the stage has of them. */
export function formulaOf(load: ScaleLoad, settings: StageSettings, fill: Fill): FormulaFigures {
  const most = settings.deliverMaximumConcurrency;
  const lanes =
    (load.subscriptions * load.inFlight * load.perRequest * 1000) / exchangeMs(load, settings).high;
  const [best, worst] = ENDS[fill];
  const needed: Range = {
    low: deliverInvocations(load, settings, best).low,
    high: deliverInvocations(load, settings, worst).high,
  };
  const through = (invocations: number) => Math.min(load.rate, lanes, (load.rate * most) / invocations);
  const slots = Math.min(
    settings.slowDrainBudget,
    (load.slow * load.slowRate * load.slowMs) / 1000 / load.perRequest,
  );
  const busy = (invocations: number) => Math.min(most, invocations + slots);
  return {
    perSecond: { low: through(needed.high), high: through(needed.low) },
    busy: { low: busy(needed.low), high: busy(needed.high) },
  };
}
