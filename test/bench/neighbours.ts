// `npm run bench:neighbours`: the delays of a healthy subscription with and without each offender beside it, in turns, on
// the local set. CHECKOUTS=.,PATH measures the functions of another checkout in turns with those of this one. CONTROL=1 measures it
// also beside healthy subscriptions in the place of the offender's.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Offender } from '#test/support/neighbours/offender.ts';
import { OFFENDERS } from '#test/support/neighbours/offenders.ts';
import { chosenOf } from './chosen.ts';
import { header } from './machine.ts';
import type { Window, WindowJob } from './neighbours-window.ts';
import { percentile, type Round, ratioInWords, spread, verdict } from './ratio.ts';
import { measureWindow } from './window.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = process.env.SECONDS === undefined ? undefined : Number(process.env.SECONDS);
/** Messages a second of the healthy subscription. */
const RATE = Number(process.env.RATE ?? 10);
/** Adds the control to the turns, which makes a run half as long again. */
const CONTROL = process.env.CONTROL === '1';
const CHECKOUTS = (process.env.CHECKOUTS ?? '.').split(',');
/**
 * The highest accepted p99 of the healthy subscription, as a multiple of the one alone. `bench:peers` has 1.2: its neighbours fail as
 * receivers do every day, and these here are made to do harm.
 */
const MOST = 1.5;
const DEFAULT_SECONDS = 12;
/** Of each function, where an offender has no number of its own. */
const DEFAULT_ENVIRONMENTS = Number(process.env.ENVIRONMENTS ?? 8);
/**
 * What a window may take beside its measured seconds, before it counts as one that did not end. On a busy machine its warm-up takes
 * most of a minute.
 */
const ALLOWANCE_SECONDS = 120;

type Beside = 'nothing' | 'the offender' | 'healthy ones';
type Subject = { readonly beside: Beside; readonly label: string; readonly root: string };
/** Undefined where a window did not end. */
type Measured = { readonly subject: Subject; readonly windows: (Window | undefined)[] };

const BESIDE: readonly Beside[] = ['nothing', 'the offender', ...(CONTROL ? ['healthy ones' as const] : [])];
const checkouts = CHECKOUTS.map((path): readonly Subject[] => {
  const of = CHECKOUTS.length === 1 ? '' : `, ${path}`;
  return BESIDE.map((beside) => ({ beside, label: `beside ${beside}${of}`, root: resolve(path) }));
});

async function measure(offender: Offender, subject: Subject): Promise<Window | undefined> {
  const seconds = SECONDS ?? offender.seconds ?? DEFAULT_SECONDS;
  const job: WindowJob = {
    root: subject.root,
    offender: subject.beside === 'nothing' ? undefined : offender.name,
    isControl: subject.beside === 'healthy ones',
    healthyHost: offender.healthyHost,
    environments: offender.environments ?? DEFAULT_ENVIRONMENTS,
    environment: offender.environment ?? {},
    seconds,
    everyMs: 1_000 / RATE,
  };
  return await measureWindow<Window>(new URL('./neighbours-window.ts', import.meta.url), job, {
    longestMs: (seconds + ALLOWANCE_SECONDS) * 1_000,
    ...(offender.healthyHost !== undefined && ownResolvConf()),
  });
}

let resolvConf: string | undefined;

/** Lets a window see a resolv.conf of its own, in a mount namespace: needs Linux and root. names-server.ts has the address. */
function ownResolvConf() {
  resolvConf ??= writeResolvConf();
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  return { execPath: 'unshare', execArgv: ['--mount', 'sh', '-c', script, resolvConf, process.execPath] };
}

function writeResolvConf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'resolv-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  const file = join(folder, 'resolv.conf');
  writeFileSync(file, 'nameserver 127.0.0.153\n');
  return file;
}

/** Delays of all messages; one that is missing counts with the time for which it has waited. */
const delaysOf = ({ delaysMs, missingMs }: Window): number[] => [...delaysMs, ...missingMs];

function inFigures({ subject, windows }: Measured) {
  const ended = windows.filter((window) => window !== undefined);
  const delays = ended.map(delaysOf);
  const sum = (of: (window: Window) => number) => ended.reduce((total, window) => total + of(window), 0);
  const p = (share: number) => delays.map((one) => percentile(one, share));
  return {
    subject: subject.label,
    p50: spread(p(0.5)),
    p99: spread(p(0.99)),
    delivered: sum(({ delaysMs }) => delaysMs.length),
    published: delays.flat().length,
    repeated: sum(({ repeated }) => repeated),
    pauses: sum(({ pauses }) => pauses),
    failedInvocations: sum(({ failures }) => failures),
    didNotEnd: windows.length - ended.length,
  };
}

/** The rounds in which both windows ended. */
function roundsOf(without: Measured, beside: Measured) {
  return without.windows.flatMap((window, round) => {
    const other = beside.windows[round];
    return window && other ? [{ without: delaysOf(window), with: delaysOf(other) }] : [];
  });
}

const timesOf = (rounds: readonly Round[]) => ({
  p50: ratioInWords(rounds, 0.5),
  p99: ratioInWords(rounds, 0.99),
});

/** Prints the figures of one checkout, in words and as JSON. */
function print(offender: string, measured: readonly Measured[]): void {
  const of = (beside: Beside) => measured.find(({ subject }) => subject.beside === beside);
  const [alone, offended, control] = [of('nothing'), of('the offender'), of('healthy ones')];
  if (alone === undefined || offended === undefined) return;
  for (const one of measured) {
    const { subject, p50, p99, delivered, published, ...rest } = inFigures(one);
    const troubles = Object.entries(rest).flatMap(([name, count]) =>
      count === 0 ? [] : [`${name} ${count}`],
    );
    console.log(
      `  ${subject}: p50 ${p50}, p99 ${p99}, ${delivered} of ${published} delivered ${troubles.join(', ')}`,
    );
  }
  const rounds = roundsOf(alone, offended);
  const timesAlone = timesOf(rounds);
  const reached = verdict(rounds, 0.99, MOST);
  console.log(`  times alone: p50 ${timesAlone.p50}, p99 ${timesAlone.p99}`);
  console.log(`  target, a p99 of at most ${MOST} times the one alone: ${reached}`);
  const timesHealthy = control && timesOf(roundsOf(control, offended));
  if (timesHealthy)
    console.log(`  times beside healthy ones: p50 ${timesHealthy.p50}, p99 ${timesHealthy.p99}`);
  console.log(
    JSON.stringify({
      offender,
      alone: inFigures(alone),
      beside: inFigures(offended),
      timesAlone,
      ...{ target: MOST, reached },
      ...(control && { control: inFigures(control), timesHealthy }),
    }),
  );
}

const measurable = OFFENDERS.filter(({ everyMs }) => everyMs !== undefined);
const chosen = chosenOf(measurable, { also: ({ kind }, text) => kind === text });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
console.log(
  header(
    `${ROUNDS} rounds in turns; ${RATE} messages a second; milliseconds, median of the rounds (lowest to highest)`,
  ),
);
for (const offender of chosen) {
  console.log(`\n${offender.name}`);
  const all: Measured[] = checkouts.flat().map((subject) => ({ subject, windows: [] }));
  for (let round = 0; round < ROUNDS; round++) {
    // The order changes from round to round, so that none is always measured after the same one.
    const order = all.map((_, index) => all[(index + round) % all.length] as Measured);
    for (const one of order) one.windows.push(await measure(offender, one.subject));
  }
  for (let index = 0; index < all.length; index += BESIDE.length)
    print(offender.name, all.slice(index, index + BESIDE.length));
}
