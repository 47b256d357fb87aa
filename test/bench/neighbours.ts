// `npm run bench:neighbours`: the delays of a healthy subscription with and without each offender beside it, in turns, on
// the local set. CHECKOUTS=.,PATH measures the functions of another checkout in turns with those of this one.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Offender } from '#test/support/neighbours/offender.ts';
import { OFFENDERS } from '#test/support/neighbours/offenders.ts';
import type { Window, WindowJob } from './neighbours-window.ts';
import { percentile, ratioOf, spread } from './ratio.ts';
import { measureWindow } from './window.ts';

/** Offenders whose name or kind contains one of these texts, which commas separate. */
const ONLY = process.env.ONLY?.split(',');
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = process.env.SECONDS === undefined ? undefined : Number(process.env.SECONDS);
/** Messages a second of the healthy subscription. */
const RATE = Number(process.env.RATE ?? 10);
const CHECKOUTS = (process.env.CHECKOUTS ?? '.').split(',');
const DEFAULT_SECONDS = 12;
/** Of each function, where an offender has no number of its own. */
const DEFAULT_ENVIRONMENTS = Number(process.env.ENVIRONMENTS ?? 8);
/** What a window may take beside its measured seconds, before it counts as one that did not end. */
const ALLOWANCE_SECONDS = 60;

type Subject = { readonly label: string; readonly root: string; readonly isBeside: boolean };
/** Undefined where a window did not end. */
type Measured = { readonly subject: Subject; readonly windows: (Window | undefined)[] };

const subjects: readonly Subject[] = CHECKOUTS.flatMap((path) => {
  const of = CHECKOUTS.length === 1 ? '' : `, ${path}`;
  const root = resolve(path);
  return [
    { label: `alone${of}`, root, isBeside: false },
    { label: `beside it${of}`, root, isBeside: true },
  ];
});

async function measure(offender: Offender, subject: Subject): Promise<Window | undefined> {
  const seconds = SECONDS ?? offender.seconds ?? DEFAULT_SECONDS;
  const job: WindowJob = {
    root: subject.root,
    offender: subject.isBeside ? offender.name : undefined,
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

/** Of the figure beside the offender to the one alone, over all rounds in which both ended. */
function ratios(alone: Measured, beside: Measured) {
  const rounds = alone.windows.flatMap((window, round) => {
    const other = beside.windows[round];
    return window && other ? [{ without: delaysOf(window), with: delaysOf(other) }] : [];
  });
  if (rounds.length === 0) return {};
  const of = (share: number) => {
    const { value, low, high } = ratioOf(rounds, share);
    return `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  };
  return { p50Ratio: of(0.5), p99Ratio: of(0.99) };
}

const chosen = OFFENDERS.filter(
  ({ everyMs, name, kind }) =>
    everyMs !== undefined &&
    (ONLY === undefined || ONLY.some((text) => name.includes(text) || kind === text)),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
console.log(
  `Node ${process.version}; ${ROUNDS} rounds; ${RATE} messages a second; milliseconds, median of the rounds (lowest to highest)`,
);
for (const offender of chosen) {
  console.log(`\n${offender.name}`);
  const all: Measured[] = subjects.map((subject) => ({ subject, windows: [] }));
  for (let round = 0; round < ROUNDS; round++) {
    // The order changes from round to round, so that none is always measured after the same one.
    const order = all.map((_, index) => all[(index + round) % all.length] as Measured);
    for (const one of order) one.windows.push(await measure(offender, one.subject));
  }
  for (let index = 0; index < all.length; index += 2) {
    const [alone, beside] = all.slice(index, index + 2) as [Measured, Measured];
    for (const one of [alone, beside]) {
      const { subject, p50, p99, delivered, published, ...rest } = inFigures(one);
      const troubles = Object.entries(rest).flatMap(([name, count]) =>
        count === 0 ? [] : [`${name} ${count}`],
      );
      console.log(
        `  ${subject}: p50 ${p50}, p99 ${p99}, ${delivered} of ${published} delivered ${troubles.join(', ')}`,
      );
    }
    const ratio = ratios(alone, beside);
    console.log(`  ratio p50 ${ratio.p50Ratio}, p99 ${ratio.p99Ratio}`);
    console.log(
      JSON.stringify({
        offender: offender.name,
        alone: inFigures(alone),
        beside: inFigures(beside),
        ...ratio,
      }),
    );
  }
}
