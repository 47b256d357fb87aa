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

/** A second stage is due when the first one is used so far. */
const FULL_SHARE = 0.8;
const NOW = { reach: 'now' } as const;

/** The text of the report: the limits as a table, then the answers. */
export function scaleReport(options: ScaleOptions, calls: CallsAtEnds): string {
  const model: Model = { settings: options.settings, calls };
  const limits = limitsOf(options, options.settings, calls);
  return [
    `${number(options.subscriptions)} subscriptions, ${number(options.rate)} deliveries a second under ${options.qos}, callbacks of ${number(options.latencyMs)} ms, deliveries of one message: ${number(options.fanOut)}, slow subscriptions beside them: ${number(options.slow)}; ${options.region}`,
    `Arithmetic with means, not a measurement and not a simulation. Quotas of AWS as of ${QUOTAS.date}.`,
    'How far Lambda fills its batches is not documented. The two ends are ten messages in each batch and one in each. Batches fill when all invocations are busy, so a full stage is near the first end. "Used now" is its share of "now".',
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
      `${number(usedOf(limit, NOW) * 100)} %`,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

function whatBreaks(limits: readonly Limit[]): string[] {
  const order = stoppingLimits(limits, 'now').filter((limit) => usedOf(limit, NOW) > 0);
  const [first] = order;
  if (first === undefined) return [];
  const over = limits
    .filter((limit) => usedOf(limit, NOW) > 1)
    .toSorted((a, b) => usedOf(b, NOW) - usedOf(a, NOW));
  const isOver = usedOf(first, NOW) > 1;
  return [
    `Breaks first: ${first.name} (${first.scope}). ${isOver ? 'This load is more than it takes.' : `This load uses ${number(usedOf(first, NOW) * 100)} % of it.`}`,
    ...(over.length === 0 ? [`To turn: nothing for this load. Later: ${first.turn}.`] : ['To turn:']),
    ...over.map(({ name, scope, turn }) => `  ${name} (${scope}): ${turn}`),
    ...(over.some(isOfSlow)
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
    '  The first figure decides on the capacity, and the last one on the bill.',
  ];
}

function moreStages(options: ScaleOptions, model: Model): string[] {
  const most = mostDeliveries(options, { reach: 'most', side: 'high' }, model, isOfStage);
  const stages = stagesFor(options, FULL_SHARE, model);
  const noHelp = limitsOf(options, model.settings, model.calls)
    .filter((limit) => limit.scope === 'one subscription' && usedOf(limit, NOW) > 1)
    .map(
      ({ name }) =>
        `More stages do not help against this limit, because a subscription has one stage: ${name}.`,
    );
  const lines = [
    '',
    most.limit === undefined
      ? 'No limit of a stage calls for a second one.'
      : `A second stage is due at ${figures(most.value * FULL_SHARE)} deliveries a second: ${FULL_SHARE * 100} % of where this limit is reached with everything raised: ${most.limit.name}.`,
  ];
  if (stages === 1) return [...lines, 'This load needs one stage.', ...noHelp];
  if (stages === undefined)
    return [
      ...lines,
      `${number(options.tenants)} tenants are too few to spread this load: a tenant has one stage. Divide the largest tenants.`,
    ];
  const fullest = tenantsOfFullestStage(options.tenants, stages);
  return [
    ...lines,
    `This load needs ${stages} stages. With equal tenants, spread by a hash of their names, the fullest stage has ${number(fullest)} of ${number(options.tenants)}; the mean is ${number(options.tenants / stages)}.`,
    ...noHelp,
    'OPERATORS.md, "A second stage", says how tenants are spread. Stages of one account share its concurrency and its quotas.',
  ];
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
const figures = (value: number): string => number(Number(value.toPrecision(3)));
const number = (value: number): string =>
  Number.isFinite(value)
    ? value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 })
    : 'no limit';
