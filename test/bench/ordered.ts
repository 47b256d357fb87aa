// `npm run bench:ordered`: how fast ordered subscriptions are with a callback of 50 ms, on the local set: one message a request,
// 20 keys in 20 lanes, and batches from the queue and from the backlog, in turns. It checks the order and the cap, and counts
// the AWS calls of `deliver`.
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { type Bench, type Subscribed, startBench } from './backlog-set.ts';
import { chosenOf } from './chosen.ts';
import { keysOfLanes } from './keys.ts';
import { header } from './machine.ts';
import { callsPerDelivery } from './ordered-calls.ts';
import { spread } from './ratio.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
/** Multiplies the number of messages of each case. */
const SIZE = Number(process.env.SIZE ?? 1);
const DELAY_MS = 50;
const KEYS = 20;
const PATIENCE_MS = 180_000;

type Case = {
  readonly name: string;
  readonly from: 'queue' | 'backlog';
  readonly messages: number;
  readonly keys: number;
  readonly batch?: number;
  /** The least ratio to one message a request. */
  readonly bar?: number;
};
const CASES: readonly Case[] = [
  { name: 'one a request', from: 'queue', messages: 120, keys: 1 },
  { name: `${KEYS} keys in ${KEYS} lanes`, from: 'queue', messages: 3_000, keys: KEYS, bar: 15 },
  { name: 'batch of 10, queue', from: 'queue', messages: 1_000, keys: 1, batch: 10, bar: 8 },
  { name: 'batch of 100, backlog', from: 'backlog', messages: 5_000, keys: 1, batch: 100, bar: 8 },
];

/** A body: the number of the message, and its key. */
const bodyOf = (n: number, key: string): string => JSON.stringify({ n, key });

/** Publishes as publishers do, with the key as message group, so that `route` chooses the lanes. */
async function publishAll({ id }: Subscribed, first: number, count: number, lanes: number, bench: Bench) {
  const { clients, outputs } = bench.set;
  const keys = keysOfLanes(id, lanes);
  const keyOf = (number: number): string => keys[number % lanes] ?? '';
  for (let at = first; at < first + count; at += 10) {
    const Entries = Array.from({ length: Math.min(10, first + count - at) }, (_, index) => ({
      Id: String(index),
      MessageBody: bodyOf(at + index, keyOf(at + index)),
      MessageGroupId: keyOf(at + index),
      MessageDeduplicationId: `${id}-${at + index}`,
      MessageAttributes: { subscription: { DataType: 'String', StringValue: id } },
    }));
    const { Failed = [] } = await clients.sqs.send(
      new SendMessageBatchCommand({ QueueUrl: outputs.MessagesFifoQueueUrl, Entries }),
    );
    if (Failed.length > 0) throw new Error(`not taken: ${Failed[0]?.Code}`);
  }
}

/** Delivers the messages of one case. Returns how many went a second, and what was wrong with them. */
async function run(one: Subscribed, { from, keys, messages }: Case, first: number, bench: Bench) {
  const count = Math.round(messages * SIZE);
  if (from === 'backlog') await bench.ask(one, 'pause');
  else await bench.halt();
  await publishAll(one, first, count, keys, bench);
  const isReady = async () =>
    from === 'queue' ? bench.inQueue() >= count : (await bench.backlogOf(one)) >= count;
  if (!(await bench.until(isReady, PATIENCE_MS)))
    throw new Error(`${one.id}: not all messages came to the lane`);
  if (from === 'backlog') await bench.ask(one, 'resume');
  else bench.go();
  const isDone = async () => (await bench.sink.count(one)) >= count;
  if (!(await bench.until(isDone, PATIENCE_MS))) throw new Error(`${one.id}: not all messages arrived`);
  const arrivals = await bench.sink.take(one);
  const faults = faultsOf(arrivals, first, count, keys);
  // From the first request to the answer to the last one.
  const seconds = ((arrivals.at(-1)?.at ?? 0) - (arrivals[0]?.at ?? 0) + DELAY_MS) / 1000;
  await bench.until(() => bench.inQueue() === 0, PATIENCE_MS);
  return { rate: count / seconds, faults };
}

type Body = { readonly n: number; readonly key: string };
const numbersOf = (arrivals: readonly { readonly body: string }[]): readonly Body[] =>
  arrivals.flatMap(({ body }): Body[] => [JSON.parse(body)].flat());

function faultsOf(
  arrivals: readonly { readonly body: string }[],
  first: number,
  count: number,
  keys: number,
): readonly string[] {
  const last = new Map<string, number>();
  const faults: string[] = [];
  const bodies = numbersOf(arrivals);
  for (const { n, key } of bodies) {
    const before = last.get(key) ?? first - keys + ((n - first) % keys);
    if (n !== before + keys) faults.push(`${key}: ${n} after ${before}`);
    last.set(key, n);
  }
  if (bodies.length !== count) faults.push(`${bodies.length} of ${count}`);
  return faults;
}

const chosen = chosenOf(CASES);
console.log(
  header(
    `the local set, a callback of ${DELAY_MS} ms in a process of its own; ${ROUNDS} rounds in turns, median (lowest to highest)`,
  ),
);
// An environment for each lane, as on AWS: a receive brings ten messages of one lane, which go out one after the other.
const bench = await startBench({ environment: { LAG_SECONDS: '999999' }, maxEnvironments: KEYS });
try {
  for (const qos of ['at-least-once', 'at-most-once']) {
    const subjects = await Promise.all(
      chosen.map(async (one, number) => {
        const lanes = one.keys;
        const subscribed = await bench.subscribe(`${qos}-${number}`, qos, lanes, {
          ...(lanes > 1 && { item: { order: 'key' } }),
          ...(one.batch !== undefined && { configuration: { batch: { maxMessages: one.batch } } }),
        });
        await bench.sink.manner(subscribed, { delayMs: DELAY_MS });
        return { one, subscribed, rates: [] as number[], faults: [] as string[] };
      }),
    );
    // The first round warms up the processes and is not counted.
    for (let round = -1; round < ROUNDS; round++) {
      for (let index = 0; index < subjects.length; index++) {
        const subject = subjects[(index + round + 1) % subjects.length];
        if (subject === undefined) continue;
        const first = (round + 1) * 1_000_000;
        const { rate, faults } = await run(subject.subscribed, subject.one, first, bench);
        subject.faults.push(...faults);
        if (round >= 0) subject.rates.push(rate);
      }
    }
    console.log(`\n${qos}`);
    const [single] = subjects;
    for (const { one, subscribed, rates, faults } of subjects) {
      const ratios = rates.map((rate, round) => rate / (single?.rates[round] ?? Number.NaN));
      const mostOpen = await bench.sink.most(subscribed);
      const calls = await callsPerDelivery({
        qos,
        lanes: one.keys,
        from: one.from,
        ...(one.batch && { batch: one.batch }),
      });
      const ratio =
        one.bar === undefined ? '' : `, ${spread(ratios, 1)} times one a request (bar ${one.bar})`;
      console.log(`  ${one.name}`);
      console.log(`    deliveries a second  ${spread(rates, 0)}${ratio}`);
      console.log(
        `    order                ${faults.length === 0 ? 'exact' : `WRONG: ${faults.slice(0, 3).join('; ')}`}; at most ${mostOpen} of ${one.keys} requests at once${mostOpen > one.keys ? ', TOO MANY' : ''}`,
      );
      console.log(`    calls a delivery     ${calls.total.toFixed(2)} by deliver: ${calls.each}`);
    }
  }
} finally {
  await bench.close();
}
