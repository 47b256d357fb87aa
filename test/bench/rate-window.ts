// One window of the rate's benchmark, in a process that can be killed: a local set, one subscription with a rate, and more
// messages than the rate allows. Perhaps environments of `deliver` are killed. Sends the times of arrival to the parent.
import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { startLocalSet } from '#lib/local/set.ts';
import { startBeside } from './beside.ts';
import { functionProcessesOf } from './process-cpu.ts';
import type { AskedOfRateSink } from './rate-sink.ts';

export type RateJob = {
  /** Fields of the item. */
  readonly item: Readonly<Record<string, unknown>>;
  readonly connections: number;
  readonly messages: number;
  /** How long is measured, from the first arrival on. */
  readonly seconds: number;
  readonly environments: number;
  /** Milliseconds between two kills; undefined: none. */
  readonly killEveryMs?: number;
};
export type RateWindow = { readonly arrivals: readonly number[]; readonly killed: number };

const TOPIC = 'rate';
const BATCH = 10;

async function measure(job: RateJob): Promise<RateWindow> {
  const sink = await startBeside<AskedOfRateSink>('./rate-sink.ts');
  const set = await startLocalSet({ root: process.cwd(), maxEnvironments: job.environments });
  const documents = DynamoDBDocumentClient.from(set.clients.dynamodb);
  const Item = {
    id: 'paced',
    topic: TOPIC,
    ...job.item,
    configuration: { callbackUrl: sink.told, http: { maxConcurrentConnections: job.connections } },
  };
  await documents.send(new PutCommand({ TableName: set.outputs.SubscriptionsTableName, Item }));
  const all = ['route', 'deliver'].flatMap((name) => Array.from({ length: job.environments }, () => name));
  await Promise.all(all.map((name) => set.functions.invoke(name, { Records: [] })));

  for (let from = 0; from < job.messages; from += BATCH) {
    const Entries = Array.from({ length: Math.min(BATCH, job.messages - from) }, (_, index) => ({
      Id: String(index),
      MessageBody: `"${from + index}"`,
      MessageAttributes: {
        topic: { DataType: 'String', StringValue: TOPIC },
        // A key of its own: the lanes are used as evenly as a hash can.
        key: { DataType: 'String', StringValue: String(from + index) },
      },
    }));
    await set.clients.sqs.send(
      new SendMessageBatchCommand({ QueueUrl: set.outputs.MessagesQueueUrl, Entries }),
    );
  }
  const arrivals = () => sink.ask<readonly number[]>('arrivals');
  while ((await arrivals()).length === 0) await wait(50);
  const end = Date.now() + job.seconds * 1_000;
  let killed = 0;
  while (Date.now() < end) {
    await wait(Math.min(job.killEveryMs ?? end, Math.max(0, end - Date.now())));
    if (job.killEveryMs === undefined) continue;
    const deliver = functionProcessesOf(process.pid).filter(({ functionName }) =>
      functionName.endsWith('-deliver'),
    );
    const victim = deliver[Math.floor(Math.random() * deliver.length)];
    if (victim === undefined) continue;
    process.kill(victim.pid, 'SIGKILL');
    killed += 1;
  }
  const measured = { arrivals: await arrivals(), killed };
  await set.functions.kill();
  return measured;
}

const window = await measure(JSON.parse(process.argv[2] ?? ''));
// The servers end when their channel to this process closes.
process.send?.(window, undefined, undefined, () => process.exit());
