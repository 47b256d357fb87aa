// `npm run bench:backlog`: how much a paused, a slow and a sometimes failing subscription slow down others and themselves,
// on the local set. The ratios are useful; the absolute rates are those of this machine's emulators.
import { setTimeout as wait } from 'node:timers/promises';
import { type Subscribed, startBench } from './backlog-set.ts';
import { header } from './machine.ts';
import { paused } from './paused.ts';

const COUNT = Number(process.env.COUNT ?? 50_000);
/** Milliseconds between messages of the paused subscription, and between those of the failing one. */
const SHARES = Number(process.env.SHARES ?? 20);
/** Messages a second for the paused subscription; 0: each round's share at once. */
const RATE = Number(process.env.RATE ?? 200);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const FEED_SECONDS = Number(process.env.FEED_SECONDS ?? 40);
/** The values of `lagSeconds` to compare: one with which messages are parked, and one with which they never are. */
const LAGS = (process.env.LAGS ?? '3,999999').split(',');
/** Which of the three parts run. */
const PARTS = process.env.PARTS ?? 'abc';
const SLOW_MS = Number(process.env.SLOW_MS ?? 100);
const FAILING_COUNT = 1_000;
/** Time limit for a single message. */
const PATIENCE_MS = 60_000;

const list = (values: readonly number[], digits = 2) =>
  values.map((value) => value.toFixed(digits)).join(', ');

/** The slow part: messages arrive at five times the rate at which the callback answers. */
async function slow(): Promise<void> {
  console.log(`\nA callback of ${SLOW_MS} ms, in order, fed at five times its speed for ${FEED_SECONDS} s`);
  for (const LAG_SECONDS of LAGS) {
    const bench = await startBench({ environment: { LAG_SECONDS } });
    try {
      const one = await bench.subscribe('slow', 'at-least-once');
      await bench.sink.manner(one, { delayMs: SLOW_MS });
      const startedAt = bench.now();
      let most = 0;
      let lastMost = 0;
      let sent = 0;
      const half = (FEED_SECONDS * 1000) / 2;
      for (let passed = 0; passed < 2 * half; passed = bench.now() - startedAt) {
        // One call after another: otherwise the order on the queue would differ from the order of the bodies.
        while (sent < (passed / SLOW_MS) * 5) await bench.publish(one, String(sent++));
        most = Math.max(most, bench.inQueue());
        // From the moment at which the lag is noticed: before, all messages are on the queue.
        if (passed > half) lastMost = Math.max(lastMost, bench.inQueue());
        await wait(20);
      }
      const arrived = (await bench.sink.take(one)).map(({ body }) => Number(body));
      console.log(
        `  LAG_SECONDS ${LAG_SECONDS}: at most ${most} of its ${sent} messages in the queue, ${lastMost} in the second half; ${arrived.length} arrived, in order: ${arrived.every((body, index) => body === index)}`,
      );
    } finally {
      await bench.close();
    }
  }
}

/** The failing part: one answer in a hundred is a 503, and the item has no `retry` block. */
async function failing(): Promise<void> {
  console.log(`\n1% of 503 at random, without a retry block: ${ROUNDS} times ${FAILING_COUNT} messages`);
  const bench = await startBench();
  try {
    for (const [qos, lanes] of [
      ['auto', 5],
      ['at-least-once', 1],
    ] as const) {
      const well = await bench.subscribe(`${qos}-well`, qos, lanes);
      const ill = await bench.subscribe(`${qos}-ill`, qos, lanes);
      await bench.sink.manner(ill, { errorRate: 0.01 });
      const rates = new Map<Subscribed, number[]>([
        [well, []],
        [ill, []],
      ]);
      let errors = 0;
      for (let round = -1; round < ROUNDS; round++) {
        for (const one of round % 2 === 0 ? [well, ill] : [ill, well]) {
          await bench.load(one, 0, FAILING_COUNT);
          bench.go();
          const all = await bench.until(
            async () => (await bench.sink.count(one)) >= FAILING_COUNT,
            PATIENCE_MS,
          );
          const arrivals = await bench.sink.take(one);
          if (!all) throw new Error(`${one.id}: ${arrivals.length} arrivals`);
          await bench.until(() => bench.inQueue() === 0, PATIENCE_MS);
          // The first round warms up the processes and is not counted.
          if (round < 0) continue;
          errors += arrivals.filter(({ status }) => status !== 200).length;
          const seconds = ((arrivals.at(-1)?.at ?? 0) - (arrivals[0]?.at ?? 0)) / 1000;
          rates.get(one)?.push(FAILING_COUNT / seconds);
        }
      }
      const without = rates.get(well) ?? [];
      const withErrors = rates.get(ill) ?? [];
      const ratios = withErrors.map((rate, round) => rate / (without[round] ?? Number.NaN));
      console.log(
        `  ${qos}: ${list(without, 0)} a second without, ${list(withErrors, 0)} with ${errors} errors; ratio ${list(ratios)}; ${bench.pausesOf(ill)} pauses`,
      );
    }
  } finally {
    await bench.close();
  }
}

console.log(header('the local set; its publishers, its callback and its DynamoDB in processes of their own'));
if (PARTS.includes('a')) await paused({ count: COUNT, rounds: SHARES, perSecond: RATE });
if (PARTS.includes('b')) await slow();
if (PARTS.includes('c')) await failing();
