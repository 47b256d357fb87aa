// The stage of a run: the local set with its real function processes, faults in front of its services, a DNS server, and one
// clock for all of them; with --kafka also a broker. Several seeds run on it, one after the other, and each leaves it empty.
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { type LocalSet, startLocalSet } from '#lib/local/set.ts';
import { type AwsFaults, createAwsFaults } from './aws-faults.ts';
import { type StageBroker, startStageBroker } from './broker.ts';
import { NO_SKEW, type RunClock } from './clock.ts';
import { type Names, startNames } from './names.ts';
import type { Plan } from './plan.ts';
import { createSetClock } from './set-clock.ts';
import { createStore, type Store } from './store.ts';

export type Machine = {
  /** The checkout whose bundles run. */
  readonly root: string;
  readonly clock: RunClock;
  readonly clockFile: string;
  /** With a Kafka broker. */
  readonly kafka: boolean;
};

/** `at`: milliseconds of the run's clock afterwards. `isBusy`: an invocation ran before it, or its messages were not deleted yet. */
export type Jump = { readonly at: number; readonly ms: number; readonly isBusy: boolean };

export type Stage = {
  readonly set: LocalSet;
  readonly faults: AwsFaults;
  readonly names: Names;
  readonly store: Store;
  /** Undefined without --kafka. */
  readonly broker: StageBroker | undefined;
  /** The queue of the endpoint `letters`. */
  readonly lettersUrl: string;
  /** That of the endpoint `broken`, when it is repaired. */
  readonly repairedUrl: string;
  /** What the functions wrote to their logs, and what the pollers reported, since the seed began. */
  readonly lines: string[];
  jump(ms: number): void;
  /** The jumps of the clock since the seed began that jump.ts made. */
  readonly jumps: Jump[];
  /** Runs `resume` as its schedule does. Resolves also when it fails, as when a fault ends its process: a later sweep is another. */
  sweep(): Promise<void>;
  /** Sets the clocks of the functions' processes against that of AWS, in milliseconds. */
  skew(ms: readonly number[]): void;
  /** Begins a seed: its faults, and the choices that AWS leaves open. */
  begin(plan: Plan): void;
  close(): Promise<void>;
};

/** SQS knows the ids of a FIFO queue's messages for five minutes, and a plan may run on the stage again. */
const FORGOTTEN_MS = 600_000;

/** Environments of one function at once. */
const ENVIRONMENTS = 3;

export async function startStage({ root, clock, clockFile, kafka }: Machine): Promise<Stage> {
  const faults = createAwsFaults();
  const setClock = createSetClock();
  const names = await startNames();
  const broker = kafka ? await startStageBroker() : undefined;
  const lines: string[] = [];
  const set = await startLocalSet({
    root,
    pollSeconds: 1,
    schedules: false,
    maxEnvironments: ENVIRONMENTS,
    sqs: { clock: setClock },
    intercept: (_, service) => faults.intercept(service),
    environment: {
      NODE_OPTIONS: `--import ${new URL('./environment.ts', import.meta.url).href}`,
      FAULTS_CLOCK: clockFile,
      FAULTS_DNS: names.address,
      // Short times, so that slow and lagging lanes and second slices of drains fit into a few seconds.
      LAG_SECONDS: '2',
      SLOW_AFTER_SECONDS: '1',
      DRAIN_SLICE_SECONDS: '1',
      SLOW_DRAIN_BUDGET: '2',
    },
    onLog: (name, line) => lines.push(`${name}: ${line}`),
    onPollerError: (text) => lines.push(text),
  });
  const { clients, sqs } = set;
  if (sqs === undefined) throw new Error('the set has no SQS of its own');
  const queueFor = async (QueueName: string) =>
    (await clients.sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? '';
  const lettersUrl = await queueFor('faults-letters');
  const repairedUrl = await queueFor('faults-repaired');
  const jumps: Jump[] = [];
  const jump = (ms: number) => {
    clock.jump(ms);
    setClock.catchUp();
  };
  return {
    set,
    faults,
    names,
    store: createStore(set),
    broker,
    lettersUrl,
    repairedUrl,
    lines,
    jump,
    jumps,
    async sweep() {
      await set.schedules.run('resume').catch((error: unknown) => lines.push(String(error)));
    },
    skew: clock.skew,
    begin({ calls, awsIdleMs, fifoDeletedAgain, fifoLateDelete }) {
      lines.length = 0;
      jumps.length = 0;
      faults.begin(calls, awsIdleMs);
      names.begin();
      clock.skew(NO_SKEW);
      jump(FORGOTTEN_MS);
      Object.assign(sqs.switches, { fifoDeletedAgain, fifoLateDelete });
    },
    async close() {
      await set.functions.kill();
      await set.close(0);
      setClock.stop();
      await names.close();
      await broker?.close();
    },
  };
}
