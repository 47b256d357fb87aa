// The memory of one environment of `deliver` while ten receivers at the same time try to fill it, and before, beside ten
// healthy ones: V8's young generation grows in the first minute of any load. A process of its own, which sends what it measured
// to the parent.
import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startLocalSet } from '#lib/local/set.ts';
import { startBeside } from './beside.ts';
import { HOSTILE_ANSWERS } from './hostile-answers.ts';
import { functionProcessesOf, peakMiBOf } from './process-cpu.ts';
import { putItems } from './put-items.ts';
import type { AskedOfLoad } from './set-load.ts';
import { createWarmUp } from './warm-environments.ts';

export type MemoryJob = { readonly environments: number; readonly seconds: number };
export type HostileMemory = {
  /** The most memory so far of an environment of `deliver`, in MiB: when it is warm, and after one answer of each hostile receiver. */
  readonly warmMiB: number;
  readonly tenAnswersMiB: number;
  /** The same after each of two parts, which take as long as the job says. */
  readonly healthyMiB: number;
  readonly peakMiB: number;
  /** Requests that each receiver got, in their order. */
  readonly requests: readonly number[];
  /** Invocations that did not end as they should. */
  readonly failures: number;
};

/** Ordinary messages before, for each environment: one by one, and then as fast as they go. */
const WARM_EACH = 100;
const WARM_BURST = 500;
/** The longest that a deployment allows by default. A round that meets it takes that long. */
const LONGEST_READ_MS = 30_000;
const POLL_MS = 5;

async function measure({ environments, seconds }: MemoryJob): Promise<HostileMemory> {
  const warmUp = createWarmUp();
  const set = await startLocalSet({
    ...{ root: process.cwd(), pollSeconds: 1, maxEnvironments: environments, intercept: warmUp.intercept },
  });
  const idle = () => Promise.all(set.mappings.map((mapping) => mapping.idle()));
  const peak = () =>
    Math.max(
      ...functionProcessesOf(process.pid)
        .filter(({ functionName }) => functionName.endsWith('-deliver'))
        .map(({ pid }) => peakMiBOf(pid)),
    );
  const load = await startBeside<AskedOfLoad>('./set-load.ts', { args: ['0'] });
  await warmUp.warm(set, load, { environments, each: WARM_EACH, burst: WARM_BURST });
  await idle();
  const warmMiB = peak();

  const hostile = await startBeside<'count'>('./hostile-answers.ts');
  const documents = DynamoDBDocumentClient.from(set.clients.dynamodb);
  let failures = 0;
  let deliveries = 0;
  set.functions.onInvocation(({ function: name, records, result }) => {
    if (!result.ok) failures += 1;
    if (name.endsWith('-deliver')) deliveries += records;
  });
  /** Ten subscriptions, and one message to them all, so that they share a batch of `deliver`. */
  const deliverToTen = async (topic: string, receivers: string) => {
    const items = HOSTILE_ANSWERS.map((_, index) => ({
      ...{ id: `${topic}-${index}`, topic, type: 'webhook-advanced', qos: 'auto' },
      configuration: {
        entrypointId: 'webhook-advanced',
        callbackUrl: `${receivers}/${index}`,
        http: { readTimeout: Math.min(LONGEST_READ_MS, seconds * 1000) },
      },
    }));
    await putItems(items, { documents, table: set.outputs.SubscriptionsTableName ?? '' });
    deliveries = 0;
    await set.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: set.outputs.MessagesQueueUrl,
        MessageBody: topic,
        MessageAttributes: { topic: { DataType: 'String', StringValue: topic } },
      }),
    );
    while (deliveries < items.length) await wait(POLL_MS);
    await idle();
  };
  /** For so many seconds, each time to a new ten: a subscription that fails is paused, and its next messages would wait. */
  const rounds = async (name: string, receivers: string) => {
    const endsAt = performance.now() + seconds * 1000;
    for (let round = 1; performance.now() < endsAt; round++)
      await deliverToTen(`${name}-${round}`, receivers);
  };
  await deliverToTen('first', hostile.told);
  const tenAnswersMiB = peak();
  await rounds('healthy', load.told);
  const healthyMiB = peak();
  await rounds('hostile', hostile.told);
  const requests = await hostile.ask<number[]>('count');
  const measured = { warmMiB, tenAnswersMiB, healthyMiB, peakMiB: peak(), requests, failures };
  await set.functions.kill();
  return measured;
}

const measured = await measure(JSON.parse(process.argv[2] ?? ''));
process.send?.(measured, undefined, undefined, () => process.exit());
