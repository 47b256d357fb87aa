// `npm run scale:check`: runs the local set, and compares it with the scale model where both say something: the deliveries a
// second of a backlog on the queue, and the invocations of `deliver` that are busy at a steady rate. The local set fills a
// receive with the messages of one lane, and then with those of the next. So the formula is that of batches of one lane, or
// of one message at a steady rate, and the simulation fills its receives in the same way. The cases take turns, for ROUNDS. It
// ends with 1 when a median is outside. Linux only, as the benchmarks that read CPU times.
import { resolve } from 'node:path';
import { type LaneLayout, laneCountIn, ONE_LANE } from '#lib/message/lane-layout.ts';
import { deliverInvocations, deliverMs, exchangeMs } from '#lib/scale/invocations.ts';
import { messagesIn, type ScaleLoad, type StageSettings } from '#lib/scale/load.ts';
import { QUOTAS, type Range } from '#lib/scale/quotas.ts';
import { simulateStage } from '#lib/simulation/stage.ts';
import { isOrdered, type Qos } from '#lib/subscription/subscription.ts';
import { header } from './machine.ts';
import { median, spread } from './ratio.ts';
import type { SetJob, SetWindow } from './set-window.ts';
import { tableOf } from './table.ts';
import { measureWindow } from './window.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
/** Multiplies the number of messages. */
const SIZE = Number(process.env.SIZE ?? 1);
const LONGEST_MS = 5 * 60_000;

type Case = Pick<SetJob, 'subscriptions' | 'messages' | 'perSecond' | 'environments'> & {
  readonly name: string;
  readonly qos: Qos;
  readonly answerMs: number;
};
/** Callbacks take so long that the machine's own speed decides little. Each message is for all subscriptions of its case. */
const CASES: readonly Case[] = [
  {
    ...{ name: 'the lanes are the limit', subscriptions: 4, messages: 30, perSecond: undefined },
    ...{ environments: 8, qos: 'at-least-once', answerMs: 200 },
  },
  {
    // Twenty messages of a lane are two full batches of this lane alone, as the formula has it.
    ...{ name: 'the invocations are the limit', subscriptions: 24, messages: 20, perSecond: undefined },
    ...{ environments: 4, qos: 'at-least-once', answerMs: 200 },
  },
  {
    ...{ name: 'several requests in a lane', subscriptions: 2, messages: 60, perSecond: undefined },
    ...{ environments: 8, qos: 'auto', answerMs: 300 },
  },
  {
    ...{ name: 'a steady rate', subscriptions: 1, messages: 80, perSecond: 8, environments: 8 },
    ...{ qos: 'auto', answerMs: 200 },
  },
];

const CAP = 5;
const SEEDS = [1, 2, 3, 4, 5];
/** A median may be so far beside a range: the local set's calls and the machine are not those that are assumed. */
const TOLERANCE = 0.15;
/** An environment of the local set is a process: it has a whole CPU, as far as the machine has one. */
const SETTINGS: StageSettings = {
  deliverMaximumConcurrency: 8,
  routeMaximumConcurrency: 8,
  slowDrainBudget: 1,
  memoryMb: QUOTAS.memoryOfOneCpuMb,
  secretCacheSeconds: 300,
  configCacheSeconds: 5,
  accountConcurrency: 1_000,
  fifoCalls: QUOTAS.fifoCallsElsewhere,
};

function loadOf({ subscriptions, qos, answerMs, perSecond }: Case): ScaleLoad {
  const layout: LaneLayout = isOrdered(qos) ? ONE_LANE : { requests: CAP, several: true };
  return {
    ...{ subscriptions, qos, latencyMs: answerMs, rate: (perSecond ?? 20) * subscriptions },
    ...{ fanOut: subscriptions, perRequest: 1, bodyBytes: 1_024, secrets: 0, tenants: subscriptions },
    inFlight: layout.requests,
    lanes: laneCountIn(layout),
    ...{ slow: 0, slowMs: 1, slowRate: 0 },
  };
}

/** Deliveries a second with batches of one lane: what the lanes and what the invocations let through. */
function formulaOfBacklog(one: Case): Range {
  const load = loadOf(one);
  const through = (side: keyof Range) => {
    const ofLanes = (load.subscriptions * load.inFlight * 1000) / exchangeMs(load, SETTINGS)[side];
    const ms = deliverMs(load, SETTINGS, { end: 'oneLane', side, environments: one.environments });
    // An invocation that has no lane waits.
    const busy = Math.min(one.environments, load.subscriptions * load.lanes);
    return Math.min(ofLanes, (busy * messagesIn('oneLane') * 1000) / ms);
  };
  return { low: through('high'), high: through('low') };
}

/** Invocations that are busy, with one message in each. */
const formulaOfSteady = (one: Case): Range => deliverInvocations(loadOf(one), SETTINGS, 'alone');

/** The same figure of the simulation, with the short and with the long times, from several seeds. */
function simulated(one: Case): Range {
  const settings = { ...SETTINGS, deliverMaximumConcurrency: one.environments };
  const isSteady = one.perSecond !== undefined;
  const times = isSteady ? { warmUpMs: 5_000, forMs: 60_000 } : { warmUpMs: 0, forMs: LONGEST_MS };
  const figures = (['low', 'high'] as const).flatMap((side) =>
    SEEDS.map((seed) => {
      const run = { fill: 'laneFirst', side, seed, ...times } as const;
      const waiting = isSteady ? {} : { waiting: job(one).messages };
      const { busy, perSecond } = simulateStage(loadOf(one), settings, { ...run, ...waiting });
      return isSteady ? busy : perSecond;
    }),
  );
  return { low: Math.min(...figures), high: Math.max(...figures) };
}

const job = (one: Case): SetJob => ({
  ...one,
  root: resolve('.'),
  messages: Math.max(4, Math.round(one.messages * SIZE)),
  // The callbacks take so long that uncompiled code decides little.
  warmEach: 10,
  warmUp: 4,
});

type Measured = Pick<SetWindow, 'missing' | 'repeated'> & {
  readonly figure: number;
  /** Messages in a batch of `deliver`. */
  readonly perBatch: number;
};

async function measure(one: Case): Promise<Measured> {
  const window = await measureWindow<SetWindow>(new URL('./set-window.ts', import.meta.url), job(one), {
    ...{ cwd: resolve('.'), longestMs: LONGEST_MS },
  });
  if (window === undefined) throw new Error(`${one.name}: the window did not end`);
  const { missing, repeated, deliveries, elapsedMs, delaysMs, busyMs, invocations } = window;
  // From the first arrival to the last answer: the way through `route` is not in this figure.
  const seconds = (elapsedMs - Math.min(...delaysMs) + one.answerMs) / 1000;
  const figure = one.perSecond === undefined ? deliveries / seconds : (busyMs.deliver ?? 0) / elapsedMs;
  return { missing, repeated, figure, perBatch: deliveries / (invocations.deliver ?? Number.NaN) };
}

/** By how much the figure is outside of the range, as a share of its nearer end; 0 inside. */
const beside = (figure: number, { low, high }: Range): number =>
  figure < low ? figure / low - 1 : Math.max(0, figure / high - 1);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
console.log(header(`${ROUNDS} rounds in turns, median (lowest to highest)`));
console.log(
  `Formula (batches of one lane; one message at the steady rate), simulation (as the local set fills a receive), and local set. A median of the local set is outside when it is more than ${TOLERANCE * 100} % beside a range.\n`,
);
const measured = CASES.map((): Measured[] => []);
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, one] of CASES.entries()) measured[index]?.push(await measure(one));
}
const verdict = (figure: number, range: Range): string => {
  const by = beside(figure, range);
  const isInside = Math.abs(by) <= TOLERANCE;
  if (!isInside) process.exitCode = 1;
  const text = `${range.low.toFixed(1)} to ${range.high.toFixed(1)}`;
  return `${text}: ${isInside ? 'inside' : 'OUTSIDE'} (${by > 0 ? '+' : ''}${Math.round(by * 100)} %)`;
};
const rows = CASES.map((one, index) => {
  const rounds = measured[index] ?? [];
  const figures = rounds.map(({ figure }) => figure);
  const middle = median(figures);
  const isSteady = one.perSecond !== undefined;
  const lost = rounds.reduce((sum, { missing, repeated }) => sum + missing + repeated, 0);
  if (lost > 0) process.exitCode = 1;
  return {
    case: `${one.name}: ${one.subscriptions} subscriptions, ${one.qos}, ${one.answerMs} ms, ${one.environments} environments`,
    figure: isSteady ? 'invocations of deliver busy' : 'deliveries a second',
    formula: verdict(middle, isSteady ? formulaOfSteady(one) : formulaOfBacklog(one)),
    simulation: verdict(middle, simulated(one)),
    'local set': spread(figures, 1),
    'a batch': spread(
      rounds.map(({ perBatch }) => perBatch),
      1,
    ),
    'missing or repeated': lost,
  };
});
console.log(tableOf(rows));
