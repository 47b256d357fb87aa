// The answers of the scale model, from the limits: which one a growing load reaches first, and how far one stage goes.
import { type Limit, limitsOf } from './limits.ts';
import type { CallsAtEnds, ScaleLoad, StageSettings } from './load.ts';
import type { Range } from './quotas.ts';
import { tenantsOfFullestStage } from './tenants.ts';

/** Which figure of a limit counts: as the stage is set up, or after the operator has turned what can be turned. */
export type Reach = 'now' | 'most';
/** `end`: how far the batches are filled; full batches where left out. */
type At = { readonly reach: Reach; readonly side: keyof Range; readonly end?: keyof CallsAtEnds };
export type Capacity = {
  /** The largest value below every limit. */
  readonly value: number;
  /** The limit that stops it; undefined when none does. */
  readonly limit: Limit | undefined;
};
export type Model = { readonly settings: StageSettings; readonly calls: CallsAtEnds };

/** How much of the limit is used, 1 being all of it. Of the higher figure and of full batches, unless said otherwise. */
export const usedOf = (limit: Limit, { reach, side = 'high', end = 'full' }: AtLimit): number => {
  const need = limit[end][side];
  return need === 0 ? 0 : need / limit[reach];
};
type AtLimit = Pick<At, 'reach' | 'end'> & Partial<Pick<At, 'side'>>;

/**
 * The limits that a second stage moves: those of an account's quotas can be raised, and a subscription has one stage. So a partition
 * counts only where it may have the lanes of more than one.
 */
export const isOfStage =
  ({ subscriptions }: Pick<ScaleLoad, 'subscriptions'>) =>
  ({ scope }: Limit): boolean =>
    scope === 'the stage' || scope === 'one topic' || (scope === 'one partition' && subscriptions > 1);

/** The limits that stop a stage at one end of a batch, most used first. Slow subscriptions are held apart: they wait for themselves alone. */
export const stoppingLimits = (limits: readonly Limit[], at: AtLimit): readonly Limit[] =>
  limits
    .filter(({ scope }) => scope !== 'slow subscriptions' && scope !== 'one tenant')
    .toSorted((one, other) => usedOf(other, at) - usedOf(one, at));

const LARGEST = 10_000_000;
const MOST_STAGES = 1_000;

/** The most deliveries a second, all else as in the load. `counts`: the limits that count, all that stop a stage if left out. */
export const mostDeliveries = (
  load: ScaleLoad,
  at: At,
  { settings, calls }: Model,
  counts: (limit: Limit) => boolean = () => true,
): Capacity =>
  largest((rate) => stoppingLimits(limitsOf({ ...load, rate }, settings, calls), at).filter(counts), at);

/** The most subscriptions, with the load's deliveries a second over all of them. */
export function mostSubscriptions(load: ScaleLoad, at: At, { settings, calls }: Model): Capacity {
  const withSo = (subscriptions: number): ScaleLoad => ({
    ...load,
    subscriptions,
    secrets: (load.secrets / load.subscriptions) * subscriptions,
    fanOut: Math.min(load.fanOut, subscriptions),
  });
  // What a single subscription or a partition can take is no limit on how many there are: with more of them, each has less.
  return largest(
    (count) =>
      stoppingLimits(limitsOf(withSo(count), settings, calls), at).filter(
        ({ scope }) => scope !== 'one subscription' && scope !== 'one partition',
      ),
    at,
  );
}

/** The most slow subscriptions whose messages keep up, each with its rate and its time. Infinity: they get no messages. */
export function mostSlow(
  { slowRate, slowMs, perRequest }: Pick<ScaleLoad, 'slowRate' | 'slowMs' | 'perRequest'>,
  slots: number,
): number {
  const ofOne = (slowRate * slowMs) / 1000 / perRequest;
  return ofOne === 0 ? Number.POSITIVE_INFINITY : Math.floor(slots / ofOne);
}

/**
 * The number of stages for a load: so many that none is used above `share` of what a raised stage takes, also the one that
 * gets the most tenants. The account's quotas do not count, because they can be raised. Undefined: the tenants are too few.
 */
export function stagesFor(
  load: ScaleLoad,
  { share, end }: { readonly share: number; readonly end: keyof CallsAtEnds },
  model: Model,
): number | undefined {
  const most =
    mostDeliveries(load, { reach: 'most', side: 'high', end }, model, isOfStage(load)).value * share;
  if (load.rate <= most) return 1;
  for (let stages = Math.ceil(load.rate / most); stages <= Math.min(load.tenants, MOST_STAGES); stages++) {
    const fullest = (tenantsOfFullestStage(load.tenants, stages) / load.tenants) * load.rate;
    if (fullest <= most) return stages;
  }
  return undefined;
}

/** Finds the largest whole number at which no limit is passed. The use of every limit grows with it, or stays. */
function largest(limitsAt: (value: number) => readonly Limit[], at: At): Capacity {
  const brokenAt = (value: number) => limitsAt(value).filter((limit) => usedOf(limit, at) > 1);
  if (brokenAt(LARGEST).length === 0) return { value: LARGEST, limit: undefined };
  let [fits, breaks] = [0, LARGEST];
  while (breaks - fits > 1) {
    const middle = Math.floor((fits + breaks) / 2);
    if (brokenAt(middle).length === 0) fits = middle;
    else breaks = middle;
  }
  return { value: fits, limit: brokenAt(breaks)[0] };
}
