// One window of the whole set's benchmark, in a process that can be killed: the local set of a checkout, whose emulators run
// in this process and whose functions run in processes of their own, as with `npm start`. Sends what it measured to the parent.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { LocalSet, LocalSetOptions } from '#lib/local/set.ts';
import type { Loaded } from './arrivals.ts';
import { startBeside } from './beside.ts';
import { cpuMsOf, functionProcessesOf, peakMiBOf } from './process-cpu.ts';
import { putItems } from './put-items.ts';
import type { AskedOfLoad } from './set-load.ts';
import { createWarmUp } from './warm-environments.ts';

export type SetJob = {
  /** The checkout whose local set runs: this one or another. */
  readonly root: string;
  readonly subscriptions: number;
  readonly qos: string;
  readonly messages: number;
  readonly perSecond: number | undefined;
  /** Messages that each environment gets before, so that its code is compiled; 100 when left out. */
  readonly warmEach?: number;
  /** Messages before the measured ones, in the same way. */
  readonly warmUp: number;
  readonly environments: number;
  /** Freezes environments between invocations, as `npm start` does. The signals for it count as CPU time of the functions. */
  readonly freeze?: boolean;
  /** How long the callback takes to answer; at once when left out. */
  readonly answerMs?: number;
  /** true: each subscription has a topic of its own, and a message goes to one of them. Otherwise each message goes to all. */
  readonly ownTopics?: boolean;
  readonly bodyBytes?: number;
  /** How long the deliveries may take to arrive after the last publish; two minutes when left out. */
  readonly limitMs?: number;
};
export type SetWindow = Loaded & {
  readonly deliveries: number;
  /** Milliseconds of CPU of each function's environments, by its short name. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** Milliseconds of CPU of the process of the emulators and pollers. */
  readonly emulatorsMs: number;
  /** The most memory in MiB that an environment of each function had. */
  readonly peakMiB: Readonly<Record<string, number>>;
  readonly invocations: Readonly<Record<string, number>>;
  /** Milliseconds that the invocations of each function took together. */
  readonly busyMs: Readonly<Record<string, number>>;
  /** Invocations that did not end as they should. */
  readonly failures: number;
  /** Lines and bytes that the functions wrote to their logs. */
  readonly logLines: number;
  readonly logBytes: number;
};

const TOPIC = 'bench';
const USUAL_WARM_EACH = 100;
const USUAL_LIMIT_MS = 120_000;
const FUNCTIONS = ['route', 'deliver'];

async function measure(job: SetJob): Promise<SetWindow> {
  const from = pathToFileURL(join(job.root, 'lib/local/set.ts')).href;
  const { startLocalSet }: { startLocalSet(options: LocalSetOptions): Promise<LocalSet> } = await import(
    from
  );
  let logLines = 0;
  let logBytes = 0;
  const warmUp = createWarmUp();
  const set = await startLocalSet({
    root: job.root,
    maxEnvironments: job.environments,
    intercept: warmUp.intercept,
    freeze: job.freeze === true,
    onLog: (_, line) => {
      logLines += 1;
      logBytes += line.length + 1;
    },
  });
  const load = await startBeside<AskedOfLoad>('./set-load.ts', { args: [String(job.answerMs ?? 0)] });
  const documents = DynamoDBDocumentClient.from(set.clients.dynamodb);
  const deliveriesEach = job.ownTopics ? 1 : job.subscriptions;
  const items = Array.from({ length: job.subscriptions }, (_, number) => ({
    id: `bench-${number}`,
    topic: job.ownTopics ? `${TOPIC}-${number}` : TOPIC,
    type: 'webhook-advanced',
    qos: job.qos,
    configuration: { entrypointId: 'webhook-advanced', callbackUrl: `${load.told}/${number}` },
  }));
  await putItems(items, { documents, table: set.outputs.SubscriptionsTableName ?? '' });
  let failures = 0;
  let invocations: Record<string, number> = {};
  let busyMs: Record<string, number> = {};
  set.functions.onInvocation(({ function: fullName, startedAt, endedAt, result }) => {
    const name = shortName(fullName);
    busyMs[name] = (busyMs[name] ?? 0) + endedAt - startedAt;
    invocations[name] = (invocations[name] ?? 0) + 1;
    if (!result.ok) failures += 1;
  });
  const publish = (messages: number) =>
    load.ask<Loaded>({
      places: { url: set.url, region: set.region, queueUrl: set.outputs.MessagesQueueUrl ?? '' },
      topic: TOPIC,
      ...(job.ownTopics && { topics: job.subscriptions }),
      ...(job.bodyBytes !== undefined && { bodyBytes: job.bodyBytes }),
      messages,
      perSecond: job.perSecond,
      deliveriesEach,
      limitMs: job.limitMs ?? USUAL_LIMIT_MS,
    });

  // All environments are started before, so that no import is counted.
  const all = FUNCTIONS.flatMap((name) => Array.from({ length: job.environments }, () => name));
  await Promise.all(all.map((name) => set.functions.invoke(name, { Records: [] })));
  await warmUp.warm(set, load, { environments: job.environments, each: job.warmEach ?? USUAL_WARM_EACH });
  // Every minute later on: its first run starts a process, which would take the time of the measured window.
  await set.schedules.run('resume');
  await publish(job.warmUp);
  await settled(set);

  const before = cpuByProcess();
  const emulatorsBefore = process.cpuUsage();
  [invocations, busyMs, logLines, logBytes] = [{}, {}, 0, 0];
  const loaded = await publish(job.messages);
  await settled(set);
  const emulators = process.cpuUsage(emulatorsBefore);
  const cpuMs: Record<string, number> = {};
  for (const [pid, { functionName, ms }] of cpuByProcess()) {
    const name = shortName(functionName);
    cpuMs[name] = (cpuMs[name] ?? 0) + ms - (before.get(pid)?.ms ?? 0);
  }
  const lost = [...before.keys()].filter((pid) => !cpuByProcess().has(pid)).length;
  const measured = {
    ...loaded,
    deliveries: job.messages * deliveriesEach,
    cpuMs,
    peakMiB: peaksByFunction(),
    emulatorsMs: (emulators.user + emulators.system) / 1000,
    invocations,
    busyMs,
    // The CPU of an environment that has ended can't be read any more.
    failures: failures + lost,
    logLines,
    logBytes,
  };
  await set.functions.kill();
  return measured;
}

function cpuByProcess() {
  return new Map(
    functionProcessesOf(process.pid).map(({ pid, functionName }) => [
      pid,
      { functionName, ms: cpuMsOf(pid) },
    ]),
  );
}

function peaksByFunction(): Record<string, number> {
  const peaks: Record<string, number> = {};
  for (const { pid, functionName } of functionProcessesOf(process.pid)) {
    const name = shortName(functionName);
    peaks[name] = Math.max(peaks[name] ?? 0, peakMiBOf(pid));
  }
  return peaks;
}

/** The last invocation writes its log lines and deletes its messages after the last arrival. */
const settled = (set: LocalSet) => Promise.all(set.mappings.map((mapping) => mapping.idle()));

const shortName = (functionName: string): string => functionName.slice(functionName.lastIndexOf('-') + 1);

const window = await measure(JSON.parse(process.argv[2] ?? ''));
// The servers end when their channel to this process closes.
process.send?.(window, undefined, undefined, () => process.exit());
