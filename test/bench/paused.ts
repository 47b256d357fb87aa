// Part a of the backlog's benchmark: one subscription is paused while tens of thousands of its messages arrive; another
// one delivers. Afterwards the first is resumed.
import { setTimeout as wait } from 'node:timers/promises';
import { type Bench, type Subscribed, startBench } from './backlog-set.ts';
import { median, percentile, type Round, ratioInWords, verdict } from './ratio.ts';

const TRICKLE_MS = 50;
/** Time limit for a single message. */
const PATIENCE_MS = 60_000;
/** The highest accepted ratio of the other subscription's p99 with the load to its p99 without. */
const MOST = 1.5;

export type Flood = {
  readonly count: number;
  readonly rounds: number;
  /** Messages a second; 0: all messages of a round are on the queue at its start, and are parked at full speed. */
  readonly perSecond: number;
};

/**
 * `count` messages of the paused subscription, spread over the rounds. Each round has a phase with its share of them and
 * a phase without; the other subscription gets the same number of messages in both. The order of the two phases changes
 * from round to round.
 */
export async function paused({ count, rounds, perSecond }: Flood): Promise<void> {
  const how = perSecond === 0 ? 'a round at once' : `${perSecond} a second`;
  console.log(`\nA paused subscription with ${count} messages on the queue, ${how}, beside one that goes`);
  // The sweep counts the backlog. The count is cheap for DynamoDB, but it stops the emulator for a tenth of a second, so it
  // runs between rounds.
  const bench = await startBench({ schedules: false });
  try {
    const down = await bench.subscribe('down', 'at-least-once');
    const busy = await bench.subscribe('busy', 'at-least-once');
    const up = await bench.subscribe('up', 'at-least-once');
    await bench.ask(down, 'pause');
    const share = Math.ceil(count / rounds);
    let loaded = 0;
    const emptied: number[] = [];
    let mostInQueue = 0;

    /** Starts with a share of messages on the queue, or feeds them meanwhile. Ends after `most` messages of the other. */
    async function time(one: Subscribed, from: number, load: number, most: number): Promise<number[]> {
      if (perSecond === 0) await bench.load(one, from, load);
      const startedAt = bench.now();
      if (perSecond === 0) bench.go();
      let feeding = perSecond > 0 && load > 0;
      const fed = (feeding ? bench.publishers.feed(one, from, load, perSecond) : Promise.resolve()).finally(
        () => {
          feeding = false;
        },
      );
      const latencies = await trickle(bench, up, (sent) => {
        if (one === down) mostInQueue = Math.max(mostInQueue, bench.inQueue());
        if (sent >= most) return true;
        // A few messages of the steady publisher are always under way.
        return load > 0 && !feeding && (bench.inQueue() < 10 || bench.now() - startedAt > 300_000);
      });
      await fed;
      await bench.until(() => bench.inQueue() < 10, PATIENCE_MS);
      if (one === down && load > 0) emptied.push((bench.now() - startedAt) / 1000);
      return latencies;
    }
    const beside = (most: number) => {
      const load = Math.min(share, count - loaded);
      loaded += load;
      return time(down, loaded - load, load, most);
    };
    const alone = (most: number) => time(down, 0, 0, most);
    /** The same rate for a subscription that delivers it, for a shorter time: this delay is due to the machine, not the pause. */
    const besideBusy = async (most: number) => {
      const latencies = await time(busy, 0, Math.ceil(share / 4), most);
      await bench.sink.take(busy);
      return latencies;
    };

    // Many lanes at once start all environments, and both paths run often enough to be compiled, before the first counted
    // round.
    const many = await bench.subscribe('many', 'auto', 20);
    const manyDown = await bench.subscribe('many-down', 'auto', 20);
    await bench.ask(manyDown, 'pause');
    for (const one of [many, manyDown]) {
      await bench.load(one, 0, 2_000);
      bench.go();
      await bench.until(() => bench.inQueue() === 0, PATIENCE_MS);
    }
    await alone(100);
    await besideBusy(100);

    const withPaused: Round[] = [];
    const withBusy: Round[] = [];
    let samples = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round++) {
      const before = round % 2 === 1 ? await alone(samples) : undefined;
      const paused = await beside(samples);
      samples = Math.min(samples, paused.length);
      const without = before ?? (await alone(samples));
      withPaused.push({ without, with: paused });
      withBusy.push({ without, with: await besideBusy(samples) });
      await bench.sweep();
    }
    if (!(await bench.until(() => bench.inQueue() === 0, PATIENCE_MS)))
      throw new Error('the queue is not empty');
    await bench.ask(down, 'look');
    const { backlog } = await bench.ask(down, 'status');
    console.log(`  in the backlog: ${backlog} of ${count}; its callback got ${await bench.sink.count(down)}`);
    console.log(
      perSecond === 0
        ? `  the queue was empty of ${share} after ${median(emptied).toFixed(1)} s (at most ${Math.max(...emptied).toFixed(1)} s)`
        : `  at most ${mostInQueue} messages were in the queue at once`,
    );
    printRounds('the paused one', withPaused);
    printRounds('one that delivers at that rate', withBusy);
    console.log(
      `  the other's p99 beside the paused one, of what it is alone: ${verdict(withPaused, 0.99, MOST)}`,
    );
    await drained(bench, down, count);
  } finally {
    await bench.close();
  }
}

function printRounds(what: string, rounds: readonly Round[]): void {
  const figure = (which: keyof Round, share: number) =>
    `${percentile(
      rounds.flatMap((round) => round[which]),
      share,
    ).toFixed(1)} ms`;
  const messages = rounds.reduce((sum, round) => sum + round.with.length, 0);
  console.log(`  from publish to arrival, beside ${what}; ${messages} messages in ${rounds.length} rounds:`);
  for (const share of [0.5, 0.99]) {
    console.log(
      `    p${share * 100}: ${figure('without', share)} alone, ${figure('with', share)} beside it; ratio ${ratioInWords(rounds, share)}`,
    );
  }
}

/** Sends a message every 20 ms until it is stopped. Returns each message's milliseconds from publication to arrival. */
async function trickle(bench: Bench, one: Subscribed, ends: (sent: number) => boolean): Promise<number[]> {
  await bench.publishers.trickle(one, TRICKLE_MS);
  while (!ends(await bench.publishers.sent())) await wait(TRICKLE_MS);
  const sentAt = await bench.publishers.end();
  await bench.until(async () => (await bench.sink.count(one)) >= sentAt.length, PATIENCE_MS);
  const arrivals = await bench.sink.take(one);
  if (arrivals.length !== sentAt.length) {
    throw new Error(`${sentAt.length} published, ${arrivals.length} arrived`);
  }
  return arrivals.map(({ body, at }) => at - (sentAt[Number(body)] ?? Number.NaN));
}

async function drained(bench: Bench, down: Subscribed, count: number): Promise<void> {
  const LATER = 200;
  const startedAt = bench.now();
  await bench.ask(down, 'resume');
  for (let index = 0; index < LATER; index++) await bench.publish(down, String(count + index));
  let seen = 0;
  let movedAt = bench.now();
  // Ends when all have arrived, or when none has arrived for the time limit.
  while (seen < count + LATER && bench.now() - movedAt < PATIENCE_MS) {
    const arrived = await bench.sink.count(down);
    if (arrived > seen) movedAt = bench.now();
    seen = arrived;
    await wait(50);
  }
  const seconds = (bench.now() - startedAt) / 1000;
  const bodies = (await bench.sink.take(down)).map(({ body }) => Number(body));
  const exact = bodies.length === count + LATER && bodies.every((body, index) => body === index);
  console.log(
    `  resumed: ${bodies.length} of ${count + LATER} arrived in ${seconds.toFixed(1)} s, ${(bodies.length / seconds).toFixed(0)} a second; in exact order, each once, those published meanwhile last: ${exact}`,
  );
  if (!exact) {
    const wrong = bodies.findIndex((body, index) => body !== index);
    console.log(`  first wrong: at ${wrong} came ${bodies.slice(wrong, wrong + 5)}`);
    process.exitCode = 1;
  }
}
