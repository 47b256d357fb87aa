// What `npm run scale` prints of the simulation, beside the figures of the formulas.
import type { ScaleLoad, StageSettings } from '#lib/scale/load.ts';
import type { Range } from '#lib/scale/quotas.ts';
import { figures, rangeText } from '#lib/scale/report.ts';
import { textTable } from '#lib/scale/text-table.ts';
import { type KeptUp, keptUpWith, raised } from './capacity.ts';
import { formulaOf } from './formula.ts';
import type { Fill } from './queue.ts';
import { type Run, simulateStage } from './stage.ts';
import type { Figures } from './tally.ts';
import type { UsedUnits } from './units.ts';

const SEED = 1;
/** Pollers of a queue that was idle. */
const FIRST_POLLERS = 5;
/** The simulated ways to fill a receive, in words. */
export const FILLS: Readonly<Record<Fill, string>> = {
  eachLane: 'one message of each lane in turn',
  laneFirst: "one lane's messages, then the next lane's (documented)",
  oneLane: "one lane's messages only",
  oneMessage: 'one message',
};
const FILL_NAMES = Object.keys(FILLS) as readonly Fill[];
/** The most messages of a run: it takes about a second then. */
const MOST_MESSAGES = 60_000;

/** How long a load is simulated, in milliseconds: many exchanges, but not more messages than fit. */
export function runTimes({ rate, latencyMs, slow, slowMs }: ScaleLoad): Pick<Run, 'warmUpMs' | 'forMs'> {
  const exchange = Math.max(latencyMs, slow > 0 ? slowMs : 0);
  const fits = Math.max(1_000, (MOST_MESSAGES * 1000) / rate);
  const wanted = Math.max(60_000, 20 * exchange);
  const all = Math.min(wanted, Math.max(fits, 20 * exchange));
  return { warmUpMs: all / 4, forMs: (all * 3) / 4 };
}

/** The text of the simulation. It takes some seconds. */
export function simulationReport(load: ScaleLoad, settings: StageSettings): string {
  const times = runTimes(load);
  const cellsOf = new Map(FILL_NAMES.map((fill) => [fill, simulatedCells(load, settings, fill)]));
  const rows = [...cellsOf].map(([fill, cells]) => {
    const formula = formulaOf(load, settings, fill);
    return [
      ...[FILLS[fill], rangeText(formula.perSecond), cells.perSecond, rangeText(formula.busy), cells.busy],
      ...[cells.perBatch, cells.p50, cells.p99, cells.mostUsed],
    ];
  });
  const seconds = Math.round(times.forMs / 1000);
  const idle = simulateStage(load, settings, {
    ...{ fill: 'laneFirst', side: 'high', seed: SEED, pollers: FIRST_POLLERS },
    ...{ warmUpMs: 0, forMs: times.warmUpMs + times.forMs },
  });
  return [
    `Simulated, message by message (seed ${SEED}, ${seconds} s after the warm-up): messages come at random, callbacks take equally long, and a poller of route or deliver receives, invokes and deletes before it receives again. No failures, no backlog but that of slow subscriptions.`,
    '',
    ...textTable([
      [
        ...['a receive is filled with', 'a second: formula', 'simulated', 'busy: formula', 'simulated'],
        ...['a batch', 'p50 ms', 'p99 ms', 'used most'],
      ],
      ...rows,
    ]),
    '"A second" are deliveries, "busy" are invocations of deliver at once, and p50 and p99 are the delay in the queue. While a poller is idle it takes each message alone, so the formula of one message counts then; batches fill when all pollers are busy.',
    `Used in the documented case, with the longer times: ${cellsOf.get('laneFirst')?.used}. DynamoDB throttles nothing here, so its figures may be above 100 %. Of route only the part of a batch that is filled counts.`,
    ...slowLines(load, idle),
    `The first ${Math.round((times.warmUpMs + times.forMs) / 1000)} s of a queue that was idle, with ${FIRST_POLLERS} pollers of deliver at first and 300 more a minute (documented for standard queues): p50 ${ms(idle.p50Ms)}, p99 ${ms(idle.p99Ms)}, messages that wait at the end: ${number(idle.waiting)}.`,
    'The most deliveries a second that the simulated stage keeps up with, with everything raised (with the longer times):',
    ...FILL_NAMES.filter((fill) => fill !== 'oneMessage').map((fill) => {
      return `  ${FILLS[fill]}: ${keptText(mostSimulated(load, settings, fill))}`;
    }),
    'A stage that is given more keeps up with less: lanes with many waiting messages fill a batch alone, and it takes longer. The product moves them into the backlog then, which is not simulated.',
  ].join('\n');
}

/** The simulated figures of a load as texts: from those with the short times to those with the long ones. */
export function simulatedCells(load: ScaleLoad, settings: StageSettings, fill: Fill) {
  const run = (side: keyof Range) =>
    simulateStage(load, settings, { fill, side, seed: SEED, ...runTimes(load) });
  const [low, high] = [run('low'), run('high')];
  const between = (figure: (of: Figures) => number): string =>
    rangeText({ low: Math.min(figure(low), figure(high)), high: Math.max(figure(low), figure(high)) });
  const delay = (figure: (of: Figures) => number) => (low.grows || high.grows ? 'grows' : between(figure));
  const [first] = high.used;
  return {
    perSecond: between(({ perSecond }) => perSecond),
    busy: between(({ busy }) => busy),
    perBatch: between(({ perBatch }) => perBatch),
    p50: delay(({ p50Ms }) => p50Ms),
    p99: delay(({ p99Ms }) => p99Ms),
    mostUsed: first === undefined ? '' : usedText(first),
    used: high.used
      .filter(({ share }) => share >= 0.005)
      .map(usedText)
      .join(', '),
  };
}

/** What the stage keeps up with when everything is raised, with the long times. */
export const mostSimulated = (load: ScaleLoad, settings: StageSettings, fill: Fill): KeptUp =>
  keptUpWith(load, raised(settings), { fill, side: 'high', seed: SEED });

const usedText = ({ name, share }: UsedUnits): string => `${name} ${Math.round(share * 100)} %`;

const keptText = ({ perSecond, limit }: KeptUp): string =>
  limit === undefined ? figures(perSecond) : `${figures(perSecond)}; then the limit is: ${limit}`;

const slowLines = ({ slow, slowRate }: ScaleLoad, { slowPerSecond }: Figures): string[] =>
  slow === 0
    ? []
    : [
        `Slow subscriptions: ${number(slow * slowRate)} messages a second come, and ${number(slowPerSecond)} are delivered.`,
      ];

const number = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 });
const ms = (value: number): string => `${number(value)} ms`;
