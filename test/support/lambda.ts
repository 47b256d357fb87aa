// A simulated Lambda: invocations that interleave at every await and can be killed at any, and event source mappings that
// poll a queue, several at once. The awaits of a killed invocation never settle.
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { Agenda, Random } from './agenda.ts';
import type { MemoryQueues } from './memory-queues.ts';

/** One call for which an invocation waits. */
export type Call = {
  readonly function: string;
  /** The SDK command's name, `exchange` or `wait`. */
  readonly command: string;
  /** The queue or the table, where there is one. */
  readonly target: string;
  readonly input: unknown;
};

/**
 * The fate of a call: the invocation is killed before or after it; it fails without effect; it takes effect but its answer
 * is lost; or it takes effect twice, because the SDK repeats a call without an answer.
 */
export type Fate = 'kill-before' | 'kill-after' | 'fail' | 'lose' | 'repeat' | undefined;

export type Life = {
  readonly dead: () => boolean;
  kill(): void;
  readonly killed: Promise<'killed'>;
  /** Runs one step that takes time. */
  step<T>(call: Omit<Call, 'function'>, work: () => Promise<T>, ms?: number): Promise<T>;
  /** Makes the AWS client of this invocation. */
  through<C extends { send(command: never): unknown }>(client: C): C;
  atDeath(act: () => void): void;
};

type LifeDeps = {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly fateOf: (call: Call) => Fate;
  /** Called for each call, to debug a failing run. */
  readonly watch?: (call: Call, invocation: string, fate: Fate) => void;
};

const never = new Promise<never>(() => {});
let lives = 0;

export function createLife(name: string, { agenda, random, fateOf, watch }: LifeDeps): Life {
  const { promise: killed, resolve } = Promise.withResolvers<'killed'>();
  const last: (() => void)[] = [];
  let dead = false;

  const me = ++lives;
  const life: Life = {
    dead: () => dead,
    killed,
    kill() {
      if (dead) return;
      dead = true;
      for (const act of last) act();
      resolve('killed');
    },
    atDeath: (act) => void last.push(act),
    async step(call, work, ms = 1 + random() * 20) {
      if (dead) return never;
      const asked = fateOf({ ...call, function: name });
      // A callback exchange has its own script, and a wait can't fail; an invocation can only be killed during them.
      const isAws = call.command !== 'exchange' && call.command !== 'wait';
      const fate = isAws || asked?.startsWith('kill') ? asked : undefined;
      watch?.({ ...call, function: name }, `${name} ${me}`, fate);
      await agenda.sleep(ms);
      if (fate === 'kill-before') life.kill();
      if (dead) return never;
      if (fate === 'fail') throw fault('InternalServerError');
      try {
        const answer = await work();
        return fate === 'repeat' ? await work() : answer;
      } finally {
        if (fate === 'kill-after') life.kill();
        // Some answers take long to arrive.
        if (random() < 0.1) await agenda.sleep(random() * 200);
        if (dead) await never;
        // biome-ignore lint/correctness/noUnsafeFinally: the answer is lost, whatever it was.
        if (fate === 'lose') throw fault('TimeoutError');
      }
    },
    through<C extends { send(command: never): unknown }>(client: C): C {
      const send = (command: { input?: object }) => {
        const work = async () => await client.send(command as never);
        const input = command.input ?? {};
        return life.step({ command: nameOf(command), target: targetOf(input), input }, work);
      };
      return { ...client, send } as C;
    },
  };
  return life;
}

const nameOf = (command: object): string => command.constructor.name.replace(/Command$/, '');
const fault = (name: string): Error => Object.assign(new Error('as ordered'), { name });

function targetOf(input: object): string {
  if ('TableName' in input) return String(input.TableName);
  if ('QueueUrl' in input) return String(input.QueueUrl).replace(/^.*\//, '');
  return '';
}

export type Mapping = {
  readonly queueUrl: string;
  readonly name: string;
  readonly concurrency: number;
  readonly visibilitySeconds: number;
  readonly timeoutMs: number;
  readonly handle: (records: SQSRecord[], life: Life) => Promise<SQSBatchResponse>;
};

type MappingDeps = LifeDeps & {
  readonly memory: MemoryQueues;
  /** Whether Lambda fails to delete a message that was processed successfully. */
  readonly deleteFails: () => boolean;
  readonly onError: (error: unknown) => void;
};

/** Polls a queue when it may have messages. Call `kick` after each change of the queue. */
export function createMapping(mapping: Mapping, deps: MappingDeps) {
  const { agenda, random, memory } = deps;
  const { queueUrl } = mapping;
  let running = 0;
  let next = Number.POSITIVE_INFINITY;

  function kick(ms = random() * 30): void {
    const at = agenda.now() + Math.ceil(ms);
    if (at >= next) return;
    next = at;
    agenda.in(ms, () => {
      if (agenda.now() < next) return;
      next = Number.POSITIVE_INFINITY;
      poll();
    });
  }

  function poll(): void {
    if (running >= mapping.concurrency) return;
    const max = 1 + Math.floor(random() * 10);
    const records = memory.receive(queueUrl, { max, visibilitySeconds: mapping.visibilitySeconds });
    if (records.length > 0) {
      running += 1;
      invoke(records)
        .catch(deps.onError)
        .finally(() => {
          running -= 1;
          kick();
        });
      kick();
      return;
    }
    const due = memory
      .stored(queueUrl)
      .flatMap(({ visibleAt }) => (visibleAt > agenda.now() ? visibleAt : []));
    if (due.length > 0) kick(Math.min(...due) - agenda.now());
  }

  async function invoke(records: SQSRecord[]): Promise<void> {
    const life = createLife(mapping.name, deps);
    agenda.in(mapping.timeoutMs, life.kill);
    // Lambda invokes a while after the receive: the visibility timeout already runs.
    await agenda.sleep(random() * 50);
    const answer = await Promise.race([mapping.handle(records, life), life.killed]);
    if (answer === 'killed') return;
    const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const done = records.filter(({ messageId }) => !failed.has(messageId) && !deps.deleteFails());
    await agenda.sleep(random() * 50);
    await memory.queues.remove(
      queueUrl,
      done.map(({ receiptHandle }) => receiptHandle),
    );
  }

  return {
    kick,
    running: () => running,
  };
}
