// `npm run bench:set`: what a delivery costs on the whole local set, as `npm start` runs it: the CPU time of the functions'
// processes with the AWS SDK and its sockets in them, the delay from publish to callback, and the invocations.
// CHECKOUTS=.,PATH measures another checkout in turns with this one. It reads the CPU time from Linux's /proc.

import { resolve } from 'node:path';
import { chosenOf } from './chosen.ts';
import { header } from './machine.ts';
import { percentile, spread } from './ratio.ts';
import type { SetJob, SetWindow } from './set-window.ts';
import { measureWindow } from './window.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const CHECKOUTS = (process.env.CHECKOUTS ?? '.').split(',');
/** Multiplies the number of messages of each case, and of those before. */
const SIZE = Number(process.env.SIZE ?? 1);
const ENVIRONMENTS = Number(process.env.ENVIRONMENTS ?? 8);
/**
 * Deliveries before the measured ones, in the same way; of the steady case at most 20 s. Node compiles what runs often in its
 * first hundreds of invocations, and an environment on AWS lives for hours.
 */
const WARM_UP = Number(process.env.WARM_UP ?? 20_000);
const STEADY_WARM_UP_SECONDS = 20;
/** FREEZE=1 freezes environments between invocations, as `npm start` does: by signals, which cost the functions CPU time. */
const FREEZE = process.env.FREEZE === '1';
/** Messages a second of the steady case. A machine that can't keep up fills the batches, and its figure looks better. */
const RATE = Number(process.env.RATE ?? 100);
const LONGEST_MS = 10 * 60_000;

type Case = Pick<SetJob, 'subscriptions' | 'messages' | 'perSecond' | 'qos'> & { readonly name: string };
const CASES: readonly Case[] = [
  { name: 'burst', subscriptions: 1, messages: 20_000, perSecond: undefined, qos: 'auto' },
  { name: `${RATE} a second`, subscriptions: 1, messages: 30 * RATE, perSecond: RATE, qos: 'auto' },
  { name: 'fan-out of 50', subscriptions: 50, messages: 400, perSecond: undefined, qos: 'auto' },
];

/** Runs one window in a process group of its own, so that its functions end with it. */
async function measure(root: string, { name, ...one }: Case): Promise<SetWindow> {
  const { subscriptions, perSecond = Number.POSITIVE_INFINITY } = one;
  const before = Math.min(WARM_UP / subscriptions, perSecond * STEADY_WARM_UP_SECONDS);
  const job: SetJob = {
    ...one,
    root,
    messages: Math.round(one.messages * SIZE),
    warmUp: Math.ceil(before * SIZE),
    environments: ENVIRONMENTS,
    freeze: FREEZE,
  };
  const options = { cwd: root, longestMs: LONGEST_MS };
  const window = await measureWindow<SetWindow>(new URL('./set-window.ts', import.meta.url), job, options);
  if (window === undefined) throw new Error(`${name}, ${root}: the window did not end`);
  return window;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const appCpu = ({ cpuMs, deliveries }: SetWindow): number => sum(Object.values(cpuMs)) / deliveries;
const of = (windows: readonly SetWindow[], figure: (window: SetWindow) => number, digits: number) =>
  spread(windows.map(figure), digits);

function print(label: string, windows: readonly SetWindow[]): void {
  const names = [...new Set(windows.flatMap(({ cpuMs }) => Object.keys(cpuMs)))].sort();
  const each = names
    .map((name) => ({
      name,
      figure: of(windows, ({ cpuMs, deliveries }) => (cpuMs[name] ?? 0) / deliveries, 2),
    }))
    .filter(({ figure }) => !figure.startsWith('0.00 '))
    .map(({ name, figure }) => `${name} ${figure}`);
  const perInvocation = (name: string) =>
    of(windows, ({ deliveries, invocations }) => deliveries / (invocations[name] ?? 0), 1);
  console.log(`  ${label}`);
  console.log(`    app CPU ms a delivery   ${of(windows, appCpu, 2)}: ${each.join(', ')}`);
  console.log(
    `    emulators' CPU ms       ${of(windows, ({ emulatorsMs, deliveries }) => emulatorsMs / deliveries, 2)}`,
  );
  console.log(
    `    delay ms                p50 ${of(windows, ({ delaysMs }) => percentile(delaysMs, 0.5), 1)}, p99 ${of(windows, ({ delaysMs }) => percentile(delaysMs, 0.99), 1)}`,
  );
  console.log(
    `    deliveries a second     ${of(windows, ({ deliveries, elapsedMs }) => (deliveries / elapsedMs) * 1000, 0)}`,
  );
  console.log(
    `    deliveries a run        route ${perInvocation('route')}, deliver ${perInvocation('deliver')}`,
  );
  console.log(
    `    log of a delivery       ${of(windows, ({ logBytes, deliveries }) => logBytes / deliveries, 0)} bytes, ${of(windows, ({ logLines, deliveries }) => logLines / deliveries, 2)} lines`,
  );
  const troubles = (['missing', 'repeated', 'failures'] as const)
    .map((name) => ({ name, count: sum(windows.map((window) => window[name])) }))
    .filter(({ count }) => count > 0);
  for (const { name, count } of troubles) console.log(`    ${name}: ${count}`);
}

const chosen = chosenOf(CASES);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const subjects = CHECKOUTS.map((path) => ({ label: path, root: resolve(path), windows: [] as SetWindow[] }));
console.log(
  header(
    `${ROUNDS} rounds in turns, median (lowest to highest); ${ENVIRONMENTS} environments a function, bodies of 1 KiB, up to ${WARM_UP * SIZE} deliveries before the measured ones, environments ${FREEZE ? 'frozen between invocations' : 'not frozen'}`,
  ),
);
for (const one of chosen) {
  const each = one.subscriptions === 1 ? '' : ` x ${one.subscriptions}`;
  console.log(`\n${one.name}: ${Math.round(one.messages * SIZE)}${each} messages, ${one.qos}`);
  for (const subject of subjects) subject.windows = [];
  for (let round = 0; round < ROUNDS; round++) {
    // The order changes from round to round, so that none is always measured after the same one.
    for (let index = 0; index < subjects.length; index++) {
      const subject = subjects[(index + round) % subjects.length];
      subject?.windows.push(await measure(subject.root, one));
    }
  }
  for (const { label, windows } of subjects) print(label, windows);
  const [first, ...others] = subjects;
  for (const { label, windows } of others) {
    const ratios = windows.map((window, round) => appCpu(first?.windows[round] ?? window) / appCpu(window));
    console.log(`  app CPU of ${first?.label} is ${spread(ratios, 2)} times that of ${label}`);
  }
}
