// `npm run scale:check`: runs the local set, and compares it with the scale model where both say something: the deliveries a
// second of a backlog on the queue, and the invocations of `deliver` that are busy at a steady rate. The two ends of the
// formulas are batches of ten lanes and batches of one lane. The simulation fills a receive as the local set does: with the
// messages of one lane, and then with those of the next. It ends with 1 when a figure is outside. Linux only, as the benchmarks
// that read CPU times.
import { resolve } from 'node:path';
import { type LaneLayout, laneCountIn, ONE_LANE } from '#lib/message/lane-layout.ts';
import { deliverInvocations, deliverMs, exchangeMs } from '#lib/scale/invocations.ts';
import { type BatchEnd, messagesIn, type ScaleLoad, type StageSettings } from '#lib/scale/load.ts';
import { QUOTAS, type Range } from '#lib/scale/quotas.ts';
import { simulateStage } from '#lib/simulation/stage.ts';
import { isOrdered, type Qos } from '#lib/subscription/subscription.ts';
import type { SetJob, SetWindow } from './set-window.ts';
import { measureWindow } from './window.ts';

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
    ...{ name: 'the invocations are the limit', subscriptions: 40, messages: 15, perSecond: undefined },
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
/** A measured figure may be so far beside a range: the local set's calls and the machine are not those that are assumed. */
const TOLERANCE = 0.1;
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

/** Deliveries a second: what the lanes and what the invocations let through. */
function formulaOfBacklog(one: Case): Range {
  const load = loadOf(one);
  const through = (end: BatchEnd, side: keyof Range) => {
    const ofLanes = (load.subscriptions * load.inFlight * 1000) / exchangeMs(load, SETTINGS)[side];
    const ms = deliverMs(load, SETTINGS, { end, side, environments: one.environments });
    // An invocation that has no lane waits: with ten lanes in a batch, so many lanes keep a tenth of them busy.
    const busy = Math.min(one.environments, (load.subscriptions * load.lanes) / (end === 'oneLane' ? 1 : 10));
    return Math.min(ofLanes, (Math.max(1, busy) * messagesIn(end) * 1000) / ms);
  };
  const ends = [through('full', 'low'), through('oneLane', 'high')];
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

/** Invocations that are busy: from full batches to one message in each. */
function formulaOfSteady(one: Case): Range {
  const busy = (end: BatchEnd) => deliverInvocations(loadOf(one), SETTINGS, end);
  return { low: busy('full').low, high: busy('alone').high };
}

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

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
console.log(
  `Formulas (batches of one lane to batches of ten lanes), simulation (as the local set fills a receive), and local set. Outside is more than ${TOLERANCE * 100} % beside a range.\n`,
);
const inside = (measured: number, { low, high }: Range): boolean =>
  measured >= low * (1 - TOLERANCE) && measured <= high * (1 + TOLERANCE);
for (const one of CASES) {
  const options = { cwd: resolve('.'), longestMs: LONGEST_MS };
  const window = await measureWindow<SetWindow>(
    new URL('./set-window.ts', import.meta.url),
    job(one),
    options,
  );
  if (window === undefined) throw new Error(`${one.name}: the window did not end`);
  const isSteady = one.perSecond !== undefined;
  const ranges = {
    formula: isSteady ? formulaOfSteady(one) : formulaOfBacklog(one),
    simulation: simulated(one),
  };
  // From the first arrival to the last answer: the way through `route` is not in the model.
  const seconds = (window.elapsedMs - Math.min(...window.delaysMs) + one.answerMs) / 1000;
  const measured = isSteady ? (window.busyMs.deliver ?? 0) / window.elapsedMs : window.deliveries / seconds;
  const unit = isSteady ? 'invocations of deliver busy' : 'deliveries a second';
  console.log(
    `${one.name}: ${one.subscriptions} subscriptions, ${one.qos}, ${one.answerMs} ms, ${one.environments} environments`,
  );
  console.log(`  ${unit}: measured ${measured.toFixed(1)}`);
  for (const [name, range] of Object.entries(ranges)) {
    const isInside = inside(measured, range);
    if (!isInside) process.exitCode = 1;
    console.log(
      `    ${name} ${range.low.toFixed(1)} to ${range.high.toFixed(1)}: ${isInside ? 'inside' : 'OUTSIDE'}`,
    );
  }
  if (window.missing > 0 || window.repeated > 0) process.exitCode = 1;
  console.log(
    `  messages in a batch of deliver: ${(window.deliveries / (window.invocations.deliver ?? 0)).toFixed(1)}; missing ${window.missing}, repeated ${window.repeated}`,
  );
}
