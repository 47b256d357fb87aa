// `npm run bench:handler`: deliveries per CPU second of `deliver`'s handler without the AWS SDK, whose `send` is replaced by
// a count, beside bare axios and bare undici, interleaved in one run, with the spread; then AWS calls per delivery, and the
// cost of importing the bundle. `npm run bench:set` measures whole functions.
import { bundle, bundleBytes, functionNames } from '#lib/build/bundle.ts';
import { importCost } from '#lib/build/import-cost.ts';
import { QOS } from '#lib/subscription/subscription.ts';
import { startBeside } from './beside.ts';
import { countCalls } from './counts.ts';
import { header } from './machine.ts';
import { spread } from './ratio.ts';
import type { Job, Measured, Subject } from './subjects.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const POSTS = Number(process.env.POSTS ?? 2_000);
const SUBJECTS: readonly Subject[] = ['deliver', 'axios', 'undici'];

const sink = await startBeside('./sink.ts');
const subjects = await startBeside<Job>('./subjects.ts', { env: { SINK_URL: sink.told } });
const measure = (job: Job) => subjects.ask<Measured>(job);

console.log(
  header(
    `${ROUNDS} rounds of ${POSTS} POSTs of 1 KiB, kept alive; median (lowest to highest). The AWS SDK and its sockets are not in these figures: bench:set measures them.`,
  ),
);
for (const concurrency of [1, 5, 20]) {
  // After the warm-up the code is compiled: the figures compare warm processes.
  for (let warm = 0; warm < 3; warm++) {
    for (const each of SUBJECTS) await measure({ subject: each, posts: POSTS, concurrency });
  }
  const rates = new Map<Subject, number[]>(SUBJECTS.map((each) => [each, []]));
  for (let round = 0; round < ROUNDS; round++) {
    // The order of the programs changes from round to round, so that none always runs after the same one.
    const order = SUBJECTS.map((_, index) => SUBJECTS[(index + round) % SUBJECTS.length] as Subject);
    for (const each of order) {
      const { cpuMicros, posts } = await measure({ subject: each, posts: POSTS, concurrency });
      rates.get(each)?.push(posts / (cpuMicros / 1e6));
    }
  }
  console.log(`\n${concurrency} at once, per CPU-second`);
  for (const each of SUBJECTS) console.log(`  ${each.padEnd(8)} ${spread(rates.get(each) ?? [])}`);
  const ratioTo = (other: Subject) =>
    (rates.get('deliver') ?? []).map((rate, round) => rate / (rates.get(other)?.[round] ?? Number.NaN));
  console.log(
    `  deliver is ${spread(ratioTo('axios'), 2)} times axios, ${spread(ratioTo('undici'), 2)} times undici`,
  );
}

const each = (calls: Measured['calls'], perMessage = 1): string =>
  Object.entries(calls)
    .map(([name, count]) => `${name} ${count / perMessage}`)
    .join(', ');
for (const batch of [10, 1]) {
  console.log(`\nAWS calls per delivery, ${batch} in a batch`);
  for (const qos of QOS) {
    const { route, deliver } = await countCalls({ qos, batch, subscriptions: 10 });
    console.log(`  ${qos.padEnd(14)} route: ${each(route.calls)}; deliver: ${each(deliver.calls)}`);
  }
}
console.log(
  'AWS calls per message of a paused lane, into the backlog in batches of ten, and out of it in order',
);
for (const way of ['parked', 'drained'] as const) {
  const { calls } = await measure({ subject: way, posts: 1_000, concurrency: 1 });
  console.log(`  ${way.padEnd(14)} ${each(calls, 1_000)}`);
}
subjects.close();
sink.close();

console.log('\nBundles, imports of each in a fresh process');
await bundle();
for (const name of functionNames()) {
  const cpu = Array.from({ length: ROUNDS }, () => importCost(name).cpuMs);
  console.log(`  ${name.padEnd(8)} ${(bundleBytes(name) / 1024).toFixed(0)} KiB, CPU ms ${spread(cpu)}`);
}
