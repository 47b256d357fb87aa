// One window of the neighbours' benchmark, in a process that can be killed: a local set, the healthy subscription, and
// perhaps an offender. Sends what it measured to the parent.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { LocalSet, LocalSetOptions } from '#lib/local/set.ts';
import { createNeighbourhood } from '#test/support/neighbours/neighbourhood.ts';
import { OFFENDERS } from '#test/support/neighbours/offenders.ts';
import { startBeside } from './beside.ts';
import { EMULATOR_FLAGS } from './emulator-flags.ts';
import { withHealthyItems } from './healthy-control.ts';
import type { AskedOfLoad } from './set-load.ts';
import type { Arrived, AskedOfVictim } from './victim.ts';
import { createWarmUp } from './warm-environments.ts';

export type WindowJob = {
  /** The checkout whose functions run: this one or another. */
  readonly root: string;
  readonly offender: string | undefined;
  /** Whether healthy subscriptions take the place of the offender's. */
  readonly isControl: boolean;
  /** The host name of the healthy subscription's callback, where it has one. */
  readonly healthyHost: string | undefined;
  readonly environments: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly everyMs: number;
};
export type Window = Arrived & {
  readonly pauses: number;
  /** Invocations that did not end as they should. */
  readonly failures: number;
};

const TOPIC = 'victim';
/** How long messages may still arrive after the last was published. */
const GRACE_SECONDS = 10;
const WARM_UP = 30;
/** Messages before, of other subscriptions, for all environments together: the offender reaches more of them than the victim alone. */
const WARM_UP_OF_ALL = { paced: 800, burst: 4_000 };
const LEAD_IN_MS = 2_000;

async function measure(job: WindowJob): Promise<Window> {
  const { root, environments, environment } = job;
  const from = pathToFileURL(join(root, 'lib/local/set.ts')).href;
  const { startLocalSet }: { startLocalSet(options: LocalSetOptions): Promise<LocalSet> } = await import(
    from
  );
  const victim = await startBeside<AskedOfVictim>('./victim.ts', {
    args: job.healthyHost === undefined ? [] : ['closes'],
  });
  if (job.healthyHost !== undefined) await startBeside('./names-server.ts');
  const dynamodb = await startBeside('./dynamodb.ts', { flags: EMULATOR_FLAGS });
  const warmUp = createWarmUp();
  const set = await startLocalSet({
    root,
    intercept: warmUp.intercept,
    dynamodbUrl: dynamodb.told,
    pollSeconds: 1,
    maxEnvironments: environments,
    environment,
  });
  let failures = 0;
  set.functions.onInvocation(({ result }) => {
    if (!result.ok) failures += 1;
  });
  const neighbourhood = createNeighbourhood(set, { topic: TOPIC, healthySecret: '' });
  const places = {
    url: set.url,
    region: set.region,
    queueUrl: set.outputs.MessagesQueueUrl ?? '',
    topic: TOPIC,
  };
  const offender = OFFENDERS.find(({ name }) => name === job.offender);
  const callback = new URL(victim.told);
  callback.hostname = job.healthyHost ?? callback.hostname;
  await neighbourhood.putSubscription({
    id: 'victim',
    topic: TOPIC,
    configuration: { callbackUrl: callback.href },
  });

  // All processes are started and warm before the offender: their start is not its doing.
  const all = ['route', 'deliver'].flatMap((name) => Array.from({ length: environments }, () => name));
  await Promise.all([...all, 'bridge'].map((name) => set.functions.invoke(name, { Records: [] })));
  const load = await startBeside<AskedOfLoad>('./set-load.ts');
  const each = Math.ceil(WARM_UP_OF_ALL.paced / environments);
  await warmUp.warm(set, load, { environments, each, parking: environments, burst: WARM_UP_OF_ALL.burst });
  load.close();
  await victim.ask({ ask: 'start', places, everyMs: 50 });
  await until(async () => (await victim.ask<Arrived>({ ask: 'arrived' })).delaysMs.length >= WARM_UP);
  await victim.ask({ ask: 'stop' });
  await until(async () => (await victim.ask<Arrived>({ ask: 'arrived' })).missingMs.length === 0);

  // The healthy subscription is at work when the window begins: its first messages after a rest are slow, whoever is beside it.
  await victim.ask({ ask: 'start', places, everyMs: job.everyMs });
  const theirs = job.isControl ? await withHealthyItems(neighbourhood) : neighbourhood;
  const [offence] = await Promise.all([offender?.start(theirs), wait(LEAD_IN_MS)]);
  await victim.ask({ ask: 'stop' });
  await until(async () => (await victim.ask<Arrived>({ ask: 'arrived' })).missingMs.length === 0);

  let sending = Promise.resolve();
  const loads = setInterval(() => {
    sending = sending.then(() => offence?.send());
  }, offender?.everyMs ?? 1_000);
  void offence?.send();
  await victim.ask({ ask: 'start', places, everyMs: job.everyMs });
  await wait(job.seconds * 1_000);
  await victim.ask({ ask: 'stop' });
  const end = Date.now() + GRACE_SECONDS * 1_000;
  let arrived = await victim.ask<Arrived>({ ask: 'arrived' });
  while (arrived.missingMs.length > 0 && Date.now() < end) {
    await wait(100);
    arrived = await victim.ask<Arrived>({ ask: 'arrived' });
  }
  clearInterval(loads);
  const pauses = set.events.list().filter((event) => {
    const { detail, 'detail-type': type } = event;
    return type === 'subscription.paused' && 'subscription' in detail && detail.subscription === 'victim';
  }).length;
  const measured = { ...arrived, pauses, failures };
  // One that computes without end would not notice that this process is gone.
  await set.functions.kill();
  return measured;
}

async function until(seen: () => Promise<boolean>): Promise<void> {
  while (!(await seen())) await wait(20);
}

const window = await measure(JSON.parse(process.argv[2] ?? ''));
// The servers end when their channel to this process closes.
process.send?.(window, undefined, undefined, () => process.exit());
