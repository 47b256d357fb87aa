// `npm run bench:lanes`: how fast an unordered subscription with a backlog on the queue is delivered on the local set, how
// many invocations that takes and for how long they are billed, by the cap and the time that the callback takes.
import { type Subscribed, startBench } from './backlog-set.ts';
import { header } from './machine.ts';

const COUNT = Number(process.env.COUNT ?? 1_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const CALLBACK_MS = Number(process.env.CALLBACK_MS ?? 50);
/** The share of answers that take `SLOW_MS`: a slow exchange holds its lane while its batch is out. */
const SLOW_RATE = Number(process.env.SLOW_RATE ?? 0);
const SLOW_MS = Number(process.env.SLOW_MS ?? 2_000);
const CAPS = (process.env.CAPS ?? '5,20').split(',').map(Number);
/** As many as `npm start` runs of one function. */
const ENVIRONMENTS = Number(process.env.ENVIRONMENTS ?? 8);
const PATIENCE_MS = 120_000;

const bench = await startBench({ maxEnvironments: ENVIRONMENTS });
let invocations = 0;
let billedMs = 0;
bench.set.functions.onInvocation(({ function: name, startedAt, endedAt }) => {
  if (!name.endsWith('-deliver')) return;
  invocations += 1;
  billedMs += endedAt - startedAt;
});

async function round(one: Subscribed): Promise<string> {
  await bench.load(one, 0, COUNT);
  [invocations, billedMs] = [0, 0];
  await bench.sink.most(one);
  bench.go();
  const all = await bench.until(async () => (await bench.sink.count(one)) >= COUNT, PATIENCE_MS);
  const most = await bench.sink.most(one);
  const arrivals = await bench.sink.take(one);
  if (!all) throw new Error(`${one.id}: ${arrivals.length} of ${COUNT} arrived`);
  await bench.until(() => bench.inQueue() === 0, PATIENCE_MS);
  const seconds = ((arrivals.at(-1)?.at ?? 0) - (arrivals[0]?.at ?? 0)) / 1000;
  const rate = Math.round(COUNT / seconds);
  return `${rate} a second, ${invocations} invocations billed for ${Math.round(billedMs / COUNT)} ms a delivery, at most ${most} in flight`;
}

try {
  console.log(
    header(
      `${ENVIRONMENTS} environments; ${ROUNDS} times ${COUNT} deliveries; callback of ${CALLBACK_MS} ms, ${SLOW_RATE * 100}% of ${SLOW_MS} ms`,
    ),
  );
  const subscribed = [];
  for (const cap of CAPS) {
    const one = await bench.subscribe(`cap-${cap}`, 'auto', cap);
    await bench.sink.manner(one, { delayMs: CALLBACK_MS, slowRate: SLOW_RATE, slowMs: SLOW_MS });
    // The first round warms up the processes and is not counted.
    await round(one);
    subscribed.push({ cap, one });
  }
  for (let number = 1; number <= ROUNDS; number += 1) {
    for (const { cap, one } of subscribed) console.log(`  cap ${cap}: ${await round(one)}`);
  }
} finally {
  await bench.close();
}
