// One window of the rate's benchmark, in a process that can be killed: a local set, one subscription with a rate, and more
// messages than the rate allows. Perhaps environments of `deliver` are killed. Sends what was measured to the parent.
import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { startLocalSet } from '#lib/local/set.ts';
import { laneOfGroup } from '#lib/message/lane.ts';
import { startBeside } from './beside.ts';
import { functionProcessesOf } from './process-cpu.ts';
import type { AskedOfRateSink, RateRequest } from './rate-sink.ts';

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
  /** Whether only environments that are at work are killed. */
  readonly killsBusy: boolean;
};

/** A time in which SQS handed out no message of a lane, because a killed environment had some of it. Epoch milliseconds. */
export type Blocked = { readonly lane: number; readonly from: number; to?: number };

export type RateWindow = {
  readonly requests: readonly RateRequest[];
  /** When the functions sent them, by their log lines, as epoch milliseconds. */
  readonly sent: readonly number[];
  readonly killed: number;
  readonly blocked: readonly Blocked[];
};

const TOPIC = 'rate';
const BATCH = 10;
/** A pause of a poller takes this long. */
const POLL_SECONDS = 1;

async function measure(job: RateJob): Promise<RateWindow> {
  const sink = await startBeside<AskedOfRateSink>('./rate-sink.ts');
  const sent: number[] = [];
  const set = await startLocalSet({
    root: process.cwd(),
    maxEnvironments: job.environments,
    pollSeconds: POLL_SECONDS,
    onLog: (_, line) => sent.push(...sentAt(line)),
  });
  const blocked = watchLanes(set.functions);
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

  // Publishing and routing use no time of the measured window.
  const deliveries = set.mappings.find(({ mapping }) => mapping.queueArn.endsWith('-deliveries.fifo'));
  await deliveries?.pause();
  for (let from = 0; from < job.messages; from += BATCH) {
    const Entries = Array.from({ length: Math.min(BATCH, job.messages - from) }, (_, index) => ({
      Id: String(index),
      MessageBody: String(from + index),
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
  while (isRouting(set)) await wait(50);
  deliveries?.resume();
  while ((await sink.ask<number>('count')) === 0) await wait(50);
  const end = Date.now() + job.seconds * 1_000;
  let killed = 0;
  while (Date.now() < end) {
    await wait(Math.min(job.killEveryMs ?? end, Math.max(0, end - Date.now())));
    if (job.killEveryMs === undefined || Date.now() >= end) continue;
    const started = functionProcessesOf(process.pid).filter(({ functionName }) =>
      functionName.endsWith('-deliver'),
    );
    const pids = job.killsBusy ? set.functions.pids('deliver') : started.map(({ pid }) => pid);
    const victim = pids[Math.floor(Math.random() * pids.length)];
    if (victim === undefined) continue;
    process.kill(victim, 'SIGKILL');
    killed += 1;
  }
  const requests = await sink.ask<readonly RateRequest[]>('requests');
  // The kill that ends the window is no part of it.
  const measured = structuredClone({ requests, sent, killed, blocked });
  await set.functions.kill();
  return measured;
}

/** Whether messages are still on their way to the deliveries. */
function isRouting({ sqs, functions }: Awaited<ReturnType<typeof startLocalSet>>): boolean {
  const { visible, inFlight } = sqs?.queue('webhooks-local-messages').counts() ?? { visible: 0, inFlight: 0 };
  return visible + inFlight + functions.running().length > 0;
}

/** When the request of an attempt's log line was sent; none for another line. */
function sentAt(line: string): readonly number[] {
  if (!line.includes('"delivery.attempted"')) return [];
  const { timestamp, durationMs } = JSON.parse(line) as { timestamp: string; durationMs: number };
  return [Date.parse(timestamp) - durationMs];
}

/** Notes the lanes that an environment had when it was killed, until SQS hands out a message of the lane again. */
function watchLanes(functions: Awaited<ReturnType<typeof startLocalSet>>['functions']): readonly Blocked[] {
  const blocked: Blocked[] = [];
  const run = functions.run.bind(functions);
  functions.run = async (name, event, requestId) => {
    const lanes = name.endsWith('-deliver') ? lanesIn(event) : new Set<number>();
    for (const one of blocked) {
      if (one.to === undefined && lanes.has(one.lane)) one.to = Date.now();
    }
    const result = await run(name, event, requestId);
    if (!result.ok) blocked.push(...[...lanes].map((lane) => ({ lane, from: Date.now() })));
    return result;
  };
  return blocked;
}

function lanesIn(event: unknown): ReadonlySet<number> {
  const { Records } = event as { Records: readonly { attributes: { MessageGroupId?: string } }[] };
  return new Set(Records.flatMap(({ attributes }) => laneOfGroup(attributes.MessageGroupId) ?? []));
}

const window = await measure(JSON.parse(process.argv[2] ?? ''));
// The servers end when their channel to this process closes.
process.send?.(window, undefined, undefined, () => process.exit());
