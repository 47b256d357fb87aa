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
import { type Limit, limitsOf } from './limits.ts';
import type { BatchEnd, CallsAtEnds } from './load.ts';
import type { ScaleOptions } from './options.ts';
import { QUOTAS, type Range } from './quotas.ts';
import { tenantsOfFullestStage } from './tenants.ts';

/** A second stage is due when the first one is used so far. */
const FULL_SHARE = 0.8;

/** The text of the report: the limits as a table, then the answers. */
export function scaleReport(options: ScaleOptions, calls: CallsAtEnds): string {
  const model: Model = { settings: options.settings, calls };
  const limits = limitsOf(options, options.settings, calls);
  return [
    `${number(options.subscriptions)} subscriptions, ${number(options.rate)} deliveries a second under ${options.qos}, callbacks of ${number(options.latencyMs)} ms, messages for ${number(options.fanOut)} of them each, slow ones beside them: ${number(options.slow)}; ${options.region}`,
    `Arithmetic with means, not a measurement and not a simulation. Quotas of AWS as of ${QUOTAS.date}.`,
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
      `${number(usedOf(limit, 'now') * 100)} %`,
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
  const order = stoppingLimits(limits, 'now').filter((limit) => usedOf(limit, 'now') > 0);
  const [first] = order;
  if (first === undefined) return [];
  const over = limits
    .filter((limit) => usedOf(limit, 'now') > 1)
    .toSorted((a, b) => usedOf(b, 'now') - usedOf(a, 'now'));
  const isOver = usedOf(first, 'now') > 1;
  return [
    `Breaks first: ${first.name} (${first.scope}). ${isOver ? 'This load is more than it takes.' : `This load uses ${number(usedOf(first, 'now') * 100)} % of it.`}`,
    ...(over.length === 0 ? [`To turn: nothing for this load. Later: ${first.turn}.`] : ['To turn:']),
    ...over.map(({ name, scope, turn }) => `  ${name} (${scope}): ${turn}`),
  ];
}

function oneStage(options: ScaleOptions, model: Model): string[] {
  const deliveries = (reach: Reach) => between((side) => mostDeliveries(options, { reach, side }, model));
  const subscriptions = (reach: Reach) =>
    between((side) => mostSubscriptions(options, { reach, side }, model));
  const { slowDrainBudget } = model.settings;
  const busy = (end: BatchEnd) => rangeText(deliverInvocations(options, model.settings, end));
  return [
    '',
    'One stage takes, all else as given:',
    `  deliveries a second, as set up:           ${deliveries('now')}`,
    `  deliveries a second, everything raised:   ${deliveries('most')}`,
    `  subscriptions at this rate, as set up:    ${subscriptions('now')}`,
    `  subscriptions at this rate, all raised:   ${subscriptions('most')}`,
    `  slow subscriptions of ${number(options.slowMs)} ms with ${figures(options.slowRate)} messages a second each: ${number(mostSlow(options, slowDrainBudget))}, of them ${number(mostSlow(options, tenantSlotsOf(slowDrainBudget)))} of one tenant.`,
    '  Further ones wait longer and longer in their own backlogs, and delay no other subscription.',
    '',
    'How far Lambda fills its batches is not documented. This load keeps so many invocations of deliver busy:',
    `  ${busy('full')} with ten messages of different lanes in each, ${busy('oneLane')} with ten of one lane, ${busy('alone')} with one message.`,
    '  Batches fill when all invocations are busy. So the first figure decides on the capacity, and the last one on the bill.',
  ];
}

function moreStages(options: ScaleOptions, model: Model): string[] {
  const most = mostDeliveries(options, { reach: 'most', side: 'high' }, model, isOfStage);
  const stages = stagesFor(options, FULL_SHARE, model);
  const lines = [
    '',
    most.limit === undefined
      ? 'No limit of a stage calls for a second one.'
      : `A second stage is due at ${figures(most.value * FULL_SHARE)} deliveries a second: ${FULL_SHARE * 100} % of where this limit is reached with everything raised: ${most.limit.name}.`,
  ];
  if (stages === 1) return [...lines, 'This load needs one stage.'];
  if (stages === undefined)
    return [
      ...lines,
      `${number(options.tenants)} tenants are too few to spread this load: a tenant has one stage. Divide the largest tenants.`,
    ];
  const fullest = tenantsOfFullestStage(options.tenants, stages);
  return [
    ...lines,
    `This load needs ${stages} stages. With equal tenants, spread by a hash of their names, the fullest stage has ${number(fullest)} of ${number(options.tenants)}; the mean is ${number(options.tenants / stages)}.`,
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
