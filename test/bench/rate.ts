// `npm run bench:rate`: the requests that a callback gets from a subscription with a rate that has more to send than that.
// Checks the bound for every window, also while environments are killed, and prints how much of the rate is reached.
import { availableParallelism } from 'node:os';
import { excessOver } from '../support/rate-bound.ts';
import type { RateJob, RateWindow } from './rate-window.ts';
import { measureWindow } from './window.ts';

const SECONDS = Number(process.env.SECONDS ?? 40);
const ENVIRONMENTS = Number(process.env.ENVIRONMENTS ?? 8);
const KILL_EVERY_MS = Number(process.env.KILL_EVERY_MS ?? 5_000);
/** Cases whose name contains one of these texts, which commas separate. */
const ONLY = process.env.ONLY?.split(',');
const LONGEST_MS = 10 * 60_000;
/** More messages than the rate can send, so that no lane has none left. */
const MORE = 1.6;

type Case = {
  readonly name: string;
  readonly lanes: number;
  readonly item: Readonly<Record<string, unknown>>;
  readonly limit: { readonly requests: number; readonly perSeconds: number };
};
const inOrder = { qos: 'at-least-once', order: 'key' };
const CASES: readonly Case[] = [
  { name: 'ordered, 1', lanes: 1, item: { qos: 'at-least-once' }, limit: { requests: 1, perSeconds: 4 } },
  ...[1, 5, 20].flatMap((lanes) => {
    const limit = { requests: lanes * 5, perSeconds: 1 };
    const ordered = lanes === 1 ? { qos: 'at-least-once' } : inOrder;
    return [
      { name: `ordered, ${lanes}`, lanes, item: ordered, limit },
      { name: `unordered, ${lanes}`, lanes, item: { qos: 'auto' }, limit },
    ];
  }),
];

const WINDOWS_S = [1, 10];

/** The most requests in any window of this length. */
function mostIn(seconds: number, times: readonly number[]): number {
  let from = 0;
  let most = 0;
  for (const [index, at] of times.entries()) {
    while (at - (times[from] ?? at) > seconds * 1_000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

async function measure({ item, lanes, limit }: Case, kills: boolean): Promise<RateWindow | undefined> {
  const job: RateJob = {
    item: { ...item, rateLimit: limit },
    connections: lanes,
    messages: Math.ceil(MORE * SECONDS * (limit.requests / limit.perSeconds)) + 10,
    seconds: SECONDS,
    environments: ENVIRONMENTS,
    ...(kills && { killEveryMs: KILL_EVERY_MS }),
  };
  return await measureWindow<RateWindow>(new URL('./rate-window.ts', import.meta.url), job, {
    longestMs: LONGEST_MS,
  });
}

function row(one: Case, { arrivals, killed }: RateWindow): string {
  const times = arrivals.toSorted((a, b) => a - b);
  const { requests, perSeconds } = one.limit;
  const perSecond = requests / perSeconds;
  const [first = 0] = times;
  const reached = (times.length - 1) / (((times.at(-1) ?? 0) - first) / 1_000) / perSecond;
  const ofMeasured = (times.length - 1) / SECONDS / perSecond;
  const windows = WINDOWS_S.map(
    (seconds) => `${mostIn(seconds, times)} of ${Math.floor(seconds * perSecond + one.lanes)}`,
  );
  const excess = excessOver(one.limit, one.lanes, times);
  return [
    one.name,
    `${requests} in ${perSeconds} s`,
    String(killed),
    String(times.length),
    ...windows,
    excess > 0 ? `${excess} OVER` : String(excess),
    killed > 0 ? ofMeasured.toFixed(2) : reached.toFixed(2),
  ].join(' | ');
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
console.log(
  `Node ${process.version}, ${availableParallelism()} cores; ${SECONDS} s each, ${ENVIRONMENTS} environments, a kill every ${KILL_EVERY_MS / 1_000} s\n`,
);
console.log(
  `| order, lanes | rate | kills | requests | most in ${WINDOWS_S.join(' s | most in ')} s | worst window against its bound | share of the rate |`,
);
console.log(`|---|---|---|---|${WINDOWS_S.map(() => '---').join('|')}|---|---|`);
for (const one of CASES.filter(({ name }) => ONLY?.some((text) => name.includes(text)) ?? true)) {
  for (const kills of [false, true]) {
    const window = await measure(one, kills);
    console.log(`| ${window === undefined ? `${one.name} | the window did not end` : row(one, window)} |`);
  }
}
