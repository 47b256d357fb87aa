// `npm run bench:backlog`: what a paused, a slow and a now and then failing subscription cost the others and themselves,
// on the local set. Every figure is of this machine's emulators: the ratios say something, the rates do not.
import { setTimeout as wait } from 'node:timers/promises';
import { type Bench, percentile, type Subscribed, startBench } from './backlog-set.ts';

const COUNT = Number(process.env.COUNT ?? 50_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const FEED_SECONDS = Number(process.env.FEED_SECONDS ?? 40);
/** The lags to compare: one that parks, and one that never does. */
const LAGS = (process.env.LAGS ?? '3,999999').split(',');
/** Which of the three to run. */
const PARTS = process.env.PARTS ?? 'abc';
const TRICKLE_MS = 20;
const SLOW_MS = 100;
const FAILING_COUNT = 1_000;
/** Nothing waits longer than that for one message. */
const PATIENCE_MS = 60_000;

const ms = (value: number) => `${value.toFixed(1)} ms`;
const list = (values: readonly number[], digits = 2) =>
  values.map((value) => value.toFixed(digits)).join(', ');

/** Publishes one message each 20 ms until told to end; answers with each one's milliseconds to its arrival. */
async function trickle(bench: Bench, one: Subscribed, ends: () => boolean): Promise<number[]> {
  const sentAt: number[] = [];
  const sending: Promise<unknown>[] = [];
  while (!ends()) {
    sending.push(bench.publish(one, String(sentAt.length)));
    sentAt.push(bench.now());
    await wait(TRICKLE_MS);
  }
  await Promise.all(sending);
  await bench.until(async () => (await bench.sink.count(one)) >= sentAt.length, PATIENCE_MS);
  const arrivals = await bench.sink.take(one);
  if (arrivals.length !== sentAt.length) {
    throw new Error(`${sentAt.length} published, ${arrivals.length} arrived`);
  }
  return arrivals.map(({ body, at }) => at - (sentAt[Number(body)] ?? Number.NaN));
}

/** One is paused while COUNT of its messages come; another goes on. Then the first is resumed. */
async function paused(): Promise<void> {
  console.log(`\nA paused subscription with ${COUNT} messages on the queue, beside one that goes`);
  const bench = await startBench();
  try {
    const down = await bench.subscribe('down', 'at-least-once');
    const busy = await bench.subscribe('busy', 'at-least-once');
    const up = await bench.subscribe('up', 'at-least-once');
    await bench.ask(down, 'pause');
    const after = (milliseconds: number) => {
      const end = bench.now() + milliseconds;
      return () => bench.now() > end;
    };
    /** The other's latencies while so many of one's messages leave the queue; adds how many seconds that took. */
    async function besideLoad(one: Subscribed, from: number, count: number, seconds: number[]) {
      await bench.load(one, from, count);
      const startedAt = bench.now();
      const late = after(300_000);
      bench.go();
      return await trickle(bench, up, () => {
        // Of the trickle a few are always in it.
        if (bench.inQueue() >= 10 && !late()) return false;
        seconds.push((bench.now() - startedAt) / 1000);
        return true;
      });
    }

    await trickle(bench, up, after(3_000));
    // Two lanes at once are two environments: both are started by then.
    await besideLoad(busy, 0, 500, []);
    await bench.sink.take(busy);

    const alone: number[][] = [];
    const beside: number[][] = [];
    // The same load on one that delivers it: what the other then waits for is this machine, not the pause.
    const besideBusy: number[][] = [];
    const emptied: number[] = [];
    const share = Math.ceil(COUNT / ROUNDS);
    let loaded = 0;
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await trickle(bench, up, after(5_000)));
      const count = Math.min(share, COUNT - loaded);
      beside.push(await besideLoad(down, loaded, count, emptied));
      besideBusy.push(await besideLoad(busy, 0, count, []));
      await bench.sink.take(busy);
      loaded += count;
    }
    if (!(await bench.until(() => bench.inQueue() === 0, PATIENCE_MS)))
      throw new Error('the queue is not empty');
    await bench.ask(down, 'look');
    const { backlog } = await bench.ask(down, 'status');
    console.log(`  in the backlog: ${backlog} of ${COUNT}; its callback got ${await bench.sink.count(down)}`);
    console.log(`  the queue was empty of ${share} after ${list(emptied)} s`);
    console.log(`  the other's p50 and p99, from publish to arrival, and their ratio to alone by round:`);
    for (const [name, rounds] of Object.entries({
      alone,
      'beside the paused one': beside,
      'beside one that delivers as many': besideBusy,
    })) {
      const figures = [0.5, 0.99].map((part) => {
        const ratios = rounds.map(
          (each, round) => percentile(each, part) / percentile(alone[round] ?? [], part),
        );
        return `${ms(percentile(rounds.flat(), part))} (${list(ratios)})`;
      });
      console.log(`    ${name}: ${figures.join(', ')}; ${rounds.flat().length} messages`);
    }
    await drained(bench, down);
  } finally {
    await bench.close();
  }
}

async function drained(bench: Bench, down: Subscribed): Promise<void> {
  const LATER = 200;
  const startedAt = bench.now();
  await bench.ask(down, 'resume');
  for (let index = 0; index < LATER; index++) await bench.publish(down, String(COUNT + index));
  let count = 0;
  let movedAt = bench.now();
  // Ends when all are there, or when for so long nothing came.
  while (count < COUNT + LATER && bench.now() - movedAt < PATIENCE_MS) {
    const seen = await bench.sink.count(down);
    if (seen > count) movedAt = bench.now();
    count = seen;
    await wait(50);
  }
  const seconds = (bench.now() - startedAt) / 1000;
  const bodies = (await bench.sink.take(down)).map(({ body }) => Number(body));
  const exact = bodies.length === COUNT + LATER && bodies.every((body, index) => body === index);
  console.log(
    `  resumed: ${bodies.length} of ${COUNT + LATER} arrived in ${seconds.toFixed(1)} s, ${(bodies.length / seconds).toFixed(0)} a second; in exact order, each once, those published meanwhile last: ${exact}`,
  );
  if (!exact) {
    const wrong = bodies.findIndex((body, index) => body !== index);
    console.log(`  first wrong: at ${wrong} came ${bodies.slice(wrong, wrong + 5)}`);
    process.exitCode = 1;
  }
}

/** A callback that takes its time, fed at five times its speed. */
async function slow(): Promise<void> {
  console.log(`\nA callback of ${SLOW_MS} ms, in order, fed at five times its speed for ${FEED_SECONDS} s`);
  for (const LAG_SECONDS of LAGS) {
    const bench = await startBench({ LAG_SECONDS });
    try {
      const one = await bench.subscribe('slow', 'at-least-once');
      await bench.sink.manner(one, { delayMs: SLOW_MS });
      const startedAt = bench.now();
      let most = 0;
      let lastMost = 0;
      let sent = 0;
      const half = (FEED_SECONDS * 1000) / 2;
      for (let passed = 0; passed < 2 * half; passed = bench.now() - startedAt) {
        // One after another, or the queue's order would not be the bodies'.
        while (sent < (passed / SLOW_MS) * 5) await bench.publish(one, String(sent++));
        most = Math.max(most, bench.inQueue());
        // Once it has been noticed: until then all are in the queue.
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

/** One answer in a hundred is a 503, and there is no `retry` block. */
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
          // The first round is for warming up.
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

console.log(`Node ${process.version}; the local set, its sink in a process of its own`);
if (PARTS.includes('a')) await paused();
if (PARTS.includes('b')) await slow();
if (PARTS.includes('c')) await failing();
