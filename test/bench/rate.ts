// `npm run bench:rate`: the requests that a callback gets from a subscription with a rate that has more to send than that.
// Checks the bound for every window, also while environments are killed, and prints how much of the rate is reached.
import { laneFor } from '#lib/message/lane.ts';
import { type LaneLayout, laneCountIn, requestsInLane } from '#lib/message/lane-layout.ts';
import { lanesIn } from '#lib/subscription/lanes.ts';
import { type RateLimit, rateInWords } from '#lib/subscription/rate-limit.ts';
import { excessOver } from '../support/rate-bound.ts';
import { chosenOf } from './chosen.ts';
import { header } from './machine.ts';
import type { RateRequest } from './rate-sink.ts';
import type { RateJob, RateWindow } from './rate-window.ts';
import { measureWindow } from './window.ts';

const SECONDS = Number(process.env.SECONDS ?? 40);
const ENVIRONMENTS = Number(process.env.ENVIRONMENTS ?? 8);
const KILL_EVERY_MS = Number(process.env.KILL_EVERY_MS ?? 5_000);
/** Kills only environments that are at work: each kill then blocks lanes. */
const KILL_BUSY = process.env.KILL_BUSY !== undefined;
/** Requests a second of the fastest case. */
const FAST = Number(process.env.FAST ?? 500);
const LONGEST_MS = 10 * 60_000;
/** More messages than the rate can send, so that no lane has none left. */
const MORE = 1.6;

type Case = {
  readonly name: string;
  readonly lanes: number;
  readonly item: Readonly<Record<string, unknown>>;
  readonly limit: RateLimit;
  /** How many times the messages that the rate can send. */
  readonly more?: number;
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
  {
    name: 'unordered, 20',
    lanes: 20,
    item: { qos: 'auto' },
    limit: { requests: FAST, perSeconds: 1 },
    more: 1.3,
  },
];

const WINDOWS_S = [1, 10];
const UNDER_WAY_MS = 100;

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

async function measure(
  { item, lanes, limit, more = MORE }: Case,
  kills: boolean,
): Promise<RateWindow | undefined> {
  const job: RateJob = {
    item: { ...item, rateLimit: limit },
    connections: lanes,
    messages: Math.ceil(more * SECONDS * (limit.requests / limit.perSeconds)) + 10,
    seconds: SECONDS,
    environments: ENVIRONMENTS,
    killsBusy: KILL_BUSY,
    ...(kills && { killEveryMs: KILL_EVERY_MS }),
  };
  return await measureWindow<RateWindow>(new URL('./rate-window.ts', import.meta.url), job, {
    longestMs: LONGEST_MS,
  });
}

const layoutOf = ({ item, lanes, limit }: Case): LaneLayout =>
  lanesIn({ ...item, rateLimit: limit, configuration: { http: { maxConcurrentConnections: lanes } } });

/** The window from the first request on. Later ones are left out. */
function inWindow({ requests, ...rest }: RateWindow) {
  const from = Math.min(...requests.map(({ at }) => at));
  const to = from + SECONDS * 1_000;
  const blocked = rest.blocked
    .filter((one) => one.from < to)
    .map((one) => ({ ...one, to: Math.min(one.to ?? to, to) }));
  return { from, to, blocked, requests: requests.filter(({ at }) => at <= to) };
}

function row(one: Case, window: RateWindow): string {
  const { requests, blocked } = inWindow(window);
  const times = requests.map(({ at }) => at).sort((a, b) => a - b);
  const { limit } = one;
  const perSecond = limit.requests / limit.perSeconds;
  const layout = layoutOf(one);
  const allowed = Math.floor(SECONDS * perSecond);
  // The parts of the rate whose lanes SQS kept back.
  const lost = blocked.map(
    ({ lane, from, to }) =>
      ((to - from) / 1_000) * perSecond * (requestsInLane(lane, layout) / layout.requests),
  );
  const lostShare = lost.reduce((sum, part) => sum + part, 0) / (SECONDS * perSecond);
  const windows = WINDOWS_S.map(
    (seconds) => `${mostIn(seconds, times)} of ${Math.floor(seconds * perSecond + one.lanes)}`,
  );
  const share = (times.length - 1) / allowed;
  return [
    one.name,
    rateInWords(limit),
    String(window.killed),
    String(times.length),
    ...windows,
    marked(excessOver(limit, one.lanes, window.sent)),
    marked(excessOver(limit, one.lanes, times)),
    lostShare.toFixed(2),
    share.toFixed(2),
    lostShare > 0.995 ? '-' : ((times.length - 1) / (allowed * (1 - lostShare))).toFixed(2),
  ].join(' | ');
}

const marked = (excess: number): string => (excess > 0 ? `${excess} OVER` : String(excess));

/** For each lane that a kill blocked: how long, and what came of it and of the others in that time. */
function blockedLines(one: Case, window: RateWindow): readonly string[] {
  const { from: start, blocked, requests } = inWindow(window);
  const layout = layoutOf(one);
  const perMs = one.limit.requests / (one.limit.perSeconds * 1_000);
  const laneOfRequest = ({ body, messageId }: RateRequest) => laneFor({ key: body, messageId }, layout);
  return blocked.map(({ lane, from, to }) => {
    // A request that was under way when the environment was killed arrives a little later.
    const meanwhile = requests.filter(({ at }) => at > from + UNDER_WAY_MS && at <= to);
    const own = meanwhile.filter((request) => laneOfRequest(request) === lane);
    const seconds = [from, to].map((at) => ((at - start) / 1_000).toFixed(1)).join(' to ');
    const share = (meanwhile.length / (perMs * (to - from - UNDER_WAY_MS))).toFixed(2);
    return `- ${one.name}: lane ${lane} of ${laneCountIn(layout)} was blocked from ${seconds} s, and got ${own.length} requests then. All lanes together got ${share} of the rate.`;
  });
}

// Commas are in the names.
const chosen = chosenOf(CASES, { separator: ';' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
console.log(
  header(`${SECONDS} s each, ${ENVIRONMENTS} environments, a kill every ${KILL_EVERY_MS / 1_000} s\n`),
);
console.log(
  `| order, lanes | rate | kills | requests | most in ${WINDOWS_S.join(' s, of at most | most in ')} s, of at most | worst window where sent | worst window where it arrives | blocked part of the rate | share of the rate | share of the rate without the blocked part |`,
);
console.log(`|---|---|---|---|${WINDOWS_S.map(() => '---').join('|')}|---|---|---|---|---|`);
const blocked: string[] = [];
for (const one of chosen) {
  for (const kills of [false, true]) {
    const window = await measure(one, kills);
    console.log(`| ${window === undefined ? `${one.name} | the window did not end` : row(one, window)} |`);
    if (window !== undefined) blocked.push(...blockedLines(one, window));
  }
}
if (blocked.length > 0) console.log(['', 'Lanes that a killed environment had:', ...blocked].join('\n'));
