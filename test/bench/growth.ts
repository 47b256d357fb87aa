// `npm run bench:growth`: how the cost of a delivery grows with the number of subscriptions, the size of a body, the fan-out
// and the backlog; the memory of `deliver` beside hostile answers; and what a cold start costs. It prints tables, and writes
// them as JSON. PARTS, SIZE, ROUNDS, BACKLOG and REPORT make other runs. Linux only.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { bundle, bundleBytes, functionNames } from '#lib/build/bundle.ts';
import { measureBacklog } from './growth-backlog.ts';
import type { ColdJob, ColdStart, ColdStarts } from './growth-cold.ts';
import type { HostileMemory, MemoryJob } from './growth-memory.ts';
import { HOSTILE_ANSWERS } from './hostile-answers.ts';
import { header, machine } from './machine.ts';
import { percentile, spread } from './ratio.ts';
import type { SetJob, SetWindow } from './set-window.ts';
import { type Row, tableOf } from './table.ts';
import { measureWindow } from './window.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
/** Multiplies the numbers of messages, subscriptions and deliveries. */
const SIZE = Number(process.env.SIZE ?? 1);
const PARTS_KNOWN = ['subscriptions', 'bodies', 'fan-out', 'backlog', 'memory', 'cold'] as const;
type Part = (typeof PARTS_KNOWN)[number];
const PARTS = (process.env.PARTS ?? PARTS_KNOWN.join(',')).split(',');
/** The longest backlog. A million entries take 3 GB of memory, and some minutes. */
const BACKLOG = Number(process.env.BACKLOG ?? 1_000_000 * SIZE);
const REPORT = process.env.REPORT ?? 'bench-growth.json';
/** For the healthy receivers, and then for the hostile ones. */
const MEMORY_SECONDS = Number(process.env.MEMORY_SECONDS ?? 15 * SIZE);
const ENVIRONMENTS = 4;
/** Deliveries before the measured ones: of one message at least, also where that message has 10,000. */
const WARM_UP_DELIVERIES = 200;
const LONGEST_MS = 15 * 60_000;
/** 10,000 deliveries take a minute on a quiet machine, and several on a busy one. */
const LIMIT_MS = 6 * 60_000;

type Varied = Partial<Pick<SetJob, 'subscriptions' | 'messages' | 'bodyBytes' | 'ownTopics'>>;

async function windowOf(varied: Varied): Promise<SetWindow> {
  const { subscriptions = 1, ownTopics = false } = varied;
  const job: SetJob = {
    ...{ root: resolve('.'), qos: 'auto', environments: ENVIRONMENTS, perSecond: undefined },
    ...{ subscriptions, messages: 1, limitMs: LIMIT_MS, warmEach: 50 },
    warmUp: Math.ceil(WARM_UP_DELIVERIES / (ownTopics ? 1 : subscriptions)),
    ...varied,
  };
  const window = await measureWindow<SetWindow>(new URL('./set-window.ts', import.meta.url), job, {
    longestMs: LONGEST_MS,
  });
  if (window === undefined) throw new Error(`${JSON.stringify(varied)}: the window did not end`);
  return window;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const sized = (count: number) => Math.max(1, Math.round(count * SIZE));

/** A row for each case. The cases take turns, round by round. */
async function grow(name: string, cases: readonly (Varied & { readonly label: number })[]): Promise<Row[]> {
  const windows = cases.map((): SetWindow[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, { label: _, ...varied }] of cases.entries())
      windows[index]?.push(await windowOf(varied));
  }
  return cases.map(({ label }, index) => {
    const rounds = windows[index] ?? [];
    const of = (figure: (window: SetWindow) => number, digits: number) => spread(rounds.map(figure), digits);
    return {
      [name]: label,
      deliveries: rounds[0]?.deliveries ?? 0,
      'app CPU ms': of(({ cpuMs, deliveries }) => sum(Object.values(cpuMs)) / deliveries, 2),
      'emulators CPU ms': of(({ emulatorsMs, deliveries }) => emulatorsMs / deliveries, 2),
      'p50 ms': of(({ delaysMs }) => percentile(delaysMs, 0.5), 0),
      'p99 ms': of(({ delaysMs }) => percentile(delaysMs, 0.99), 0),
      'deliver MiB': of(({ peakMiB }) => peakMiB.deliver ?? 0, 0),
      missing: sum(rounds.map(({ missing }) => missing)),
      repeated: sum(rounds.map(({ repeated }) => repeated)),
      'failed invocations': sum(rounds.map(({ failures }) => failures)),
    };
  });
}

const MEASURE: Readonly<Record<Part, () => Promise<Row[]>>> = {
  subscriptions: () =>
    grow(
      'subscriptions',
      [1, 100, 10_000].map((count) => ({
        ...{ label: sized(count), subscriptions: sized(count), ownTopics: true },
        // Each subscription gets two messages at least: the row is not one of first messages alone.
        messages: Math.max(sized(2_000), 2 * sized(count)),
      })),
    ),
  // The publishers' queue takes 896 KiB with a message's attributes.
  bodies: () =>
    grow(
      'bytes of a body',
      [1_024, 16_384, 262_144, 900_000].map((bodyBytes) => ({
        ...{ label: bodyBytes, bodyBytes },
        messages: sized(bodyBytes > 100_000 ? 100 : 1_000),
      })),
    ),
  'fan-out': () =>
    grow(
      'fan-out',
      [1, 10, 100, 1_000, 10_000].map((count) => ({
        ...{ label: sized(count), subscriptions: sized(count) },
        messages: Math.max(1, Math.round(sized(2_000) / count)),
      })),
    ),
  async backlog() {
    const sizes = [1, 100, 10_000, 100_000, 1_000_000].filter((size) => size < BACKLOG);
    const [first, ...more] = await measureBacklog([...sizes, BACKLOG]);
    if (first === undefined) return [];
    return [first, ...more].map((one) => ({
      entries: one.entries,
      'calls for ten': one.calls,
      'park, times the first': (one.parkMs / first.parkMs).toFixed(2),
      'read, times the first': (one.readMs / first.readMs).toFixed(2),
      'remove, times the first': (one.removeMs / first.removeMs).toFixed(2),
    }));
  },
  async memory() {
    const measured: HostileMemory[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const job: MemoryJob = { environments: 1, seconds: MEMORY_SECONDS };
      const window = await measureWindow<HostileMemory>(new URL('./growth-memory.ts', import.meta.url), job, {
        longestMs: LONGEST_MS,
      });
      if (window === undefined) throw new Error('memory: the window did not end');
      measured.push(window);
    }
    const of = (figure: (one: HostileMemory) => number) => spread(measured.map(figure));
    return [
      {
        receiver: 'all together',
        requests: of(({ requests }) => sum(requests)),
        'failed invocations': of(({ failures }) => failures),
        'deliver MiB warm': of(({ warmMiB }) => warmMiB),
        'after ten hostile answers': of(({ tenAnswersMiB }) => tenAnswersMiB),
        [`after ${MEMORY_SECONDS} s of healthy ones`]: of(({ healthyMiB }) => healthyMiB),
        [`after ${MEMORY_SECONDS} s of hostile ones`]: of(({ peakMiB }) => peakMiB),
      },
      ...HOSTILE_ANSWERS.map(({ name }, index) => ({
        receiver: name,
        requests: of(({ requests }) => requests[index] ?? 0),
      })),
    ];
  },
  async cold() {
    await bundle();
    const starts = await measureWindow<ColdStarts>(
      new URL('./growth-cold.ts', import.meta.url),
      { rounds: ROUNDS, functions: functionNames() } satisfies ColdJob,
      { longestMs: LONGEST_MS },
    );
    if (starts === undefined) throw new Error('cold: the window did not end');
    return functionNames().map((name) => {
      // A function without a first invocation has empty cells there.
      const of = (figure: (start: ColdStart) => number | undefined) => {
        const figures = (starts[name] ?? []).flatMap((start) => figure(start) ?? []);
        return figures.length === 0 ? '' : spread(figures);
      };
      return {
        function: name,
        'bundle KiB': Math.round(bundleBytes(name) / 1024),
        'import CPU ms': of(({ imported }) => imported.cpuMs),
        'import ms': of(({ imported }) => imported.ms),
        'first invocation CPU ms': of(({ first }) => first?.cpuMs),
        'first invocation ms': of(({ first }) => first?.ms),
        'both CPU ms': of(({ imported, first }) => first && imported.cpuMs + first.cpuMs),
        'both ms': of(({ imported, first }) => first && imported.ms + first.ms),
      };
    });
  },
};

const unknown = PARTS.filter((part) => !PARTS_KNOWN.some((known) => known === part));
if (unknown.length > 0) {
  console.error(`PARTS has ${unknown.join(', ')}. There are ${PARTS_KNOWN.join(', ')}.`);
  process.exit(1);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const where = machine();
console.log(
  header(
    `${ROUNDS} rounds in turns, median (lowest to highest); ${ENVIRONMENTS} environments a function`,
    where,
  ),
);
const tables: Record<string, Row[]> = {};
for (const part of PARTS_KNOWN.filter((one) => PARTS.includes(one))) {
  console.log(`\n${part}`);
  const rows = await MEASURE[part]();
  tables[part] = rows;
  console.log(tableOf(rows));
  writeFileSync(
    REPORT,
    `${JSON.stringify({ machine: where, rounds: ROUNDS, size: SIZE, tables }, null, 2)}\n`,
  );
}
console.log(`\nAs JSON: ${REPORT}`);
