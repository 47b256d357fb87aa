// What `npm run scale` prints.
import { tenantSlotsOf } from '#lib/state/slots.ts';
import {
  type Capacity,
  isOfStage,
  type Model,
  mostDeliveries,
  mostSlow,
  mostSubscriptions,
  type Reach,
  stagesFor,
  stoppingLimits,
  usedOf,
} from './answers.ts';
import { deliverInvocations } from './invocations.ts';
import { type Limit, limitsOf, MOST_SLOTS } from './limits.ts';
import type { BatchEnd, CallsAtEnds } from './load.ts';
import type { ScaleOptions } from './options.ts';
import { QUOTAS, type Range } from './quotas.ts';
import { tenantsOfFullestStage } from './tenants.ts';
import { textTable } from './text-table.ts';

/** A second stage is due when the first one is used so far. */
const FULL_SHARE = 0.8;
const NOW = { reach: 'now' } as const;
const ENDS = ['full', 'alone'] as const satisfies readonly (keyof CallsAtEnds)[];
const IN_WORDS: Readonly<Record<keyof CallsAtEnds, string>> = {
  full: 'with full batches',
  alone: 'with one message in each',
};
/** How much of the limit this load uses, as the stage is set up. */
const usedNow = (limit: Limit, end: keyof CallsAtEnds): number => usedOf(limit, { ...NOW, end });
const percentText = (share: number): string => `${number(share * 100)} %`;

/** The text of the report: the limits as a table, then the answers. */
export function scaleReport(options: ScaleOptions, calls: CallsAtEnds): string {
  const model: Model = { settings: options.settings, calls };
  const limits = limitsOf(options, options.settings, calls);
  return [
    `${number(options.subscriptions)} subscriptions, ${number(options.rate)} deliveries a second under ${options.qos}, callbacks of ${number(options.latencyMs)} ms, deliveries of one message: ${number(options.fanOut)}, slow subscriptions beside them: ${number(options.slow)}; ${options.region}`,
    `Arithmetic with means, not a measurement. Quotas of AWS as of ${QUOTAS.date}. The simulation follows below.`,
    'How far Lambda fills its batches is not documented. The two ends are ten messages in each batch and one in each. Batches fill when all invocations are busy. "Used now" is the share of "now" at both ends.',
    '',
    ...table(limits),
    '',
    ...whatBreaks(limits),
    ...oneStage(options, model),
    ...moreStages(options, model),
  ].join('\n');
}

function table(limits: readonly Limit[]): string[] {
  const rows = [
    ['limit', 'full batches', 'one a batch', 'now', 'at most', 'used now'],
    ...limits.map((limit) => [
      limit.name,
      rangeText(limit.full),
      rangeText(limit.alone),
      number(limit.now),
      number(limit.most),
      ends(limit),
    ]),
  ];
  return textTable(rows);
}

/** The used share at both ends of a batch, or once where it is the same. */
function ends(limit: Limit): string {
  const [full = '', alone = ''] = ENDS.map((end) => percentText(usedNow(limit, end)));
  return full === alone ? full : `${full} to ${alone}`;
}

function whatBreaks(limits: readonly Limit[]): string[] {
  const firstAt = (end: keyof CallsAtEnds) =>
    stoppingLimits(limits, { ...NOW, end }).find((limit) => usedNow(limit, end) > 0);
  const overAt = (end: keyof CallsAtEnds) =>
    limits.filter((limit) => usedNow(limit, end) > 1).toSorted((a, b) => usedNow(b, end) - usedNow(a, end));
  const [first, firstAlone] = [firstAt('full'), firstAt('alone')];
  if (first === undefined || firstAlone === undefined) return [];
  const over = overAt('full');
  const more = overAt('alone').filter((limit) => !over.includes(limit));
  const turns = (some: readonly Limit[]) =>
    some.map(({ name, scope, turn }) => `  ${name} (${scope}): ${turn}`);
  const breaks = (limit: Limit, end: keyof CallsAtEnds) =>
    `${limit.name} (${limit.scope}), of which this load uses ${percentText(usedNow(limit, end))} ${IN_WORDS[end]}`;
  return [
    first === firstAlone
      ? `Breaks first: ${breaks(first, 'full')}, and ${percentText(usedNow(first, 'alone'))} ${IN_WORDS.alone}.`
      : `Breaks first: ${breaks(first, 'full')}; or ${breaks(firstAlone, 'alone')}.`,
    ...(over.length === 0
      ? [`To turn with full batches: nothing for this load. Later: ${first.turn}.`]
      : ['To turn:']),
    ...turns(over),
    ...(more.length === 0 ? [] : ['To turn too, if each batch has one message:', ...turns(more)]),
    ...([...over, ...more].some(isOfSlow)
      ? ['  Too few slots delay the slow subscriptions alone: their messages wait in their backlogs.']
      : []),
  ];
}

/** Slow subscriptions are held apart: they wait for themselves alone. */
const isOfSlow = ({ scope }: Limit): boolean => scope === 'slow subscriptions' || scope === 'one tenant';

function oneStage(options: ScaleOptions, model: Model): string[] {
  const figure = { deliveries: mostDeliveries, subscriptions: mostSubscriptions };
  const takes = (what: keyof typeof figure, reach: Reach, end: keyof CallsAtEnds) =>
    between((side) => figure[what](options, { reach, side, end }, model));
  const rows = (what: keyof typeof figure, name: string) =>
    (['now', 'most'] as const).flatMap((reach) => [
      `  ${name}, ${reach === 'now' ? 'as set up' : 'everything raised'}:`,
      `    full batches: ${takes(what, reach, 'full')}`,
      `    one a batch:  ${takes(what, reach, 'alone')}`,
    ]);
  const { slowDrainBudget } = model.settings;
  const slow = (slots: number) =>
    `${number(mostSlow(options, slots))}, of them ${number(mostSlow(options, tenantSlotsOf(slots)))} of one tenant`;
  const busy = (end: BatchEnd) => rangeText(deliverInvocations(options, model.settings, end));
  return [
    '',
    'One stage takes, all else as given:',
    ...rows('deliveries', 'deliveries a second'),
    ...rows('subscriptions', 'subscriptions at this rate'),
    `  slow subscriptions of ${number(options.slowMs)} ms with ${figures(options.slowRate)} messages a second each:`,
    `    as set up: ${slow(slowDrainBudget)}; with ${MOST_SLOTS} slots: ${slow(MOST_SLOTS)}`,
    '    Further ones wait longer and longer in their own backlogs, and delay no other subscription.',
    '',
    'This load keeps so many invocations of deliver busy:',
    `  ${busy('full')} with ten messages of different lanes in each, ${busy('oneLane')} with ten of one lane, ${busy('alone')} with one message.`,
    '  The first figure is the upper end of the capacity, and the last one decides on the bill.',
  ];
}

function moreStages(options: ScaleOptions, model: Model): string[] {
  const noHelp = limitsOf(options, model.settings, model.calls)
    .filter((limit) => limit.scope === 'one subscription' && usedNow(limit, 'full') > 1)
    .map(
      ({ name }) =>
        `More stages do not help against this limit, because a subscription has one stage: ${name}.`,
    );
  const stages = ENDS.map((end) => stagesFor(options, { share: FULL_SHARE, end }, model));
  return [
    '',
    `A second stage is due at ${FULL_SHARE * 100} % of where a limit of the stage is reached with everything raised:`,
    ...ENDS.map((end) => {
      const at = { reach: 'most', side: 'high', end } as const;
      const { value, limit } = mostDeliveries(options, at, model, isOfStage(options));
      return limit === undefined
        ? `  ${IN_WORDS[end]}: no limit of a stage calls for a second one.`
        : `  ${IN_WORDS[end]}: at ${figures(value * FULL_SHARE)} deliveries a second; the limit is: ${limit.name}`;
    }),
    'This load needs:',
    ...ENDS.map((end, index) => `  ${IN_WORDS[end]}: ${stagesText(options, stages[index])}`),
    ...noHelp,
    ...(stages.every((count) => count === 1)
      ? []
      : [
          'OPERATORS.md, "A second stage", says how tenants are spread. Stages of one account share its concurrency and its quotas.',
        ]),
  ];
}

function stagesText({ tenants }: ScaleOptions, stages: number | undefined): string {
  if (stages === 1) return 'one stage.';
  if (stages === undefined)
    return `more stages than ${number(tenants)} tenants can be spread over: a tenant has one stage. Divide the largest tenants.`;
  const fullest = tenantsOfFullestStage(tenants, stages);
  return `${stages} stages. With equal tenants, spread by a hash of their names, the fullest one has ${number(fullest)} of ${number(tenants)}; the mean is ${number(tenants / stages)}.`;
}

function between(most: (side: keyof Range) => Capacity): string {
  const [worst, best] = [most('high'), most('low')];
  const limit = worst.limit ?? best.limit;
  if (limit === undefined) return `more than ${number(worst.value)}`;
  if (best.value === 0) return `none, the rate is too much for: ${limit.name}`;
  const values = worst.value === best.value ? [worst.value] : [worst.value, best.value];
  return `${values.map(figures).join(' to ')}; then the limit is: ${limit.name}`;
}

/** Three figures of a range, or of one number where both ends are the same. */
export const rangeText = ({ low, high }: Range): string =>
  figures(low) === figures(high) ? figures(low) : `${figures(low)} to ${figures(high)}`;

/** Three figures are enough: the assumptions are no better. */
export const figures = (value: number): string => number(Number(value.toPrecision(3)));
const number = (value: number): string =>
  Number.isFinite(value)
    ? value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 })
    : 'no limit';
