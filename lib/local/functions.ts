// The deployed functions on this machine: environments that are started, reused and ended as Lambda does, and direct
// invocations. Reads no queue; event-source-mapping.ts does and invokes through here.
import { randomUUID } from 'node:crypto';
import {
  type Environment,
  type EnvironmentOptions,
  type InvocationResult,
  startEnvironment,
} from './environment.ts';
import type { FunctionDefinition } from './template.ts';

export type InvocationReport = {
  /** The function's full name, as deployed. */
  function: string;
  requestId: string;
  event: unknown;
  /** SQS records in the event; 0 for any other event. */
  records: number;
  startedAt: number;
  endedAt: number;
  result: InvocationResult;
};

export type RunningInvocation = Omit<InvocationReport, 'endedAt' | 'result'>;

export type Functions = {
  /** Invokes as RequestResponse does, after waiting for a free environment. Throws when the function fails. */
  invoke(name: string, event: unknown): Promise<unknown>;
  /** The same, but returns a failure as a value. The request id is generated unless given. */
  run(name: string, event: unknown, requestId?: string): Promise<InvocationResult>;
  /** The functions' full names. */
  names(): string[];
  /** Whether the function has a free environment or may start one. */
  hasRoom(name: string): boolean;
  /** Resolves when `hasRoom` is true. It reserves no environment. */
  free(name: string): Promise<void>;
  /** Kills the environments of one function or of all. Returns how many of them were running an invocation. */
  kill(name?: string): Promise<number>;
  /** The running invocations. */
  running(): RunningInvocation[];
  /** The processes of one function that run an invocation. */
  pids(name: string): number[];
  /** Resolves when no invocation is running. */
  idle(): Promise<void>;
  onInvocation(listener: (report: InvocationReport) => void): () => void;
  close(): Promise<void>;
};

/** How many environments of one function run at once, unless said. */
export const DEFAULT_ENVIRONMENTS = 8;

export type FunctionsOptions = EnvironmentOptions & {
  /** Environments of one function at the same time. */
  maxEnvironments?: number;
  /** How long an idle environment is kept. */
  idleMs?: number | undefined;
};

/** Makes the functions callable. No process is started before the first invocation. */
export function startFunctions(definitions: FunctionDefinition[], options: FunctionsOptions): Functions {
  const pools = new Map(definitions.map((definition) => [definition.name, createPool(definition, options)]));
  const listeners = new Set<(report: InvocationReport) => void>();
  const running = new Set<RunningInvocation>();
  let whenIdle: (() => void)[] = [];

  function poolOf(name: string): Pool {
    const short = [...pools.keys()].filter((full) => full.endsWith(`-${name}`));
    const pool = pools.get(name) ?? (short.length === 1 ? pools.get(short[0] ?? '') : undefined);
    if (pool === undefined)
      throw new Error(`There is no function ${name}, only ${[...pools.keys()].join(', ')}`);
    return pool;
  }

  async function run(name: string, event: unknown, requestId = randomUUID()): Promise<InvocationResult> {
    const pool = poolOf(name);
    const environment = await pool.take();
    const records = recordsIn(event);
    const invocation = { function: pool.name, requestId, event, records, startedAt: Date.now() };
    running.add(invocation);
    const result = await environment.invoke(event, requestId);
    pool.giveBack(environment);
    running.delete(invocation);
    for (const listener of listeners) listener({ ...invocation, endedAt: Date.now(), result });
    if (running.size === 0) {
      for (const resolve of whenIdle) resolve();
      whenIdle = [];
    }
    return result;
  }

  return {
    run,
    names: () => [...pools.keys()],
    async invoke(name, event) {
      const result = await run(name, event);
      if (result.ok) return result.payload;
      throw new Error(`${name} failed: ${result.errorType}: ${result.errorMessage}`);
    },
    hasRoom: (name) => poolOf(name).hasRoom(),
    free: (name) => poolOf(name).free(),
    async kill(name) {
      const killed = name === undefined ? [...pools.values()] : [poolOf(name)];
      const counts = await Promise.all(killed.map((pool) => pool.kill()));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    running: () => [...running],
    pids: (name) => poolOf(name).pids(),
    idle: () => (running.size === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
    onInvocation(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.kill()));
    },
  };
}

type Pool = ReturnType<typeof createPool>;

function createPool(definition: FunctionDefinition, options: FunctionsOptions) {
  const { maxEnvironments = DEFAULT_ENVIRONMENTS, idleMs = 300_000 } = options;
  const busy = new Set<Environment>();
  // Last in, first out: the most recently used environment is reused, and the others reach the end of their idle time.
  const idle: { environment: Environment; timer: NodeJS.Timeout }[] = [];
  let waiting: (() => void)[] = [];

  const hasRoom = () => busy.size < maxEnvironments;

  const someGivenBack = () => new Promise<void>((resolve) => waiting.push(resolve));

  function takeIdle(): Environment | undefined {
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      clearTimeout(last.timer);
      if (last.environment.alive()) return last.environment;
    }
    return undefined;
  }

  return {
    name: definition.name,
    hasRoom,
    pids: (): number[] => [...busy].flatMap(({ pid }) => pid ?? []),
    async free(): Promise<void> {
      while (!hasRoom()) await someGivenBack();
    },
    async take(): Promise<Environment> {
      // No await between the check and the addition: two waiters must not both start the last allowed environment.
      while (!hasRoom()) await someGivenBack();
      const environment = takeIdle() ?? startEnvironment(definition, options);
      busy.add(environment);
      return environment;
    },
    giveBack(environment: Environment): void {
      busy.delete(environment);
      if (environment.alive()) {
        const entry = { environment, timer: setTimeout(() => retire(entry), idleMs).unref() };
        idle.push(entry);
      }
      const woken = waiting;
      waiting = [];
      for (const resolve of woken) resolve();
    },
    async kill(): Promise<number> {
      const atWork = [...busy];
      const atRest = idle.splice(0);
      for (const { timer } of atRest) clearTimeout(timer);
      await Promise.all(
        [...atWork, ...atRest.map(({ environment }) => environment)].map((one) => one.kill()),
      );
      return atWork.length;
    },
  };

  function retire(entry: (typeof idle)[number]): void {
    idle.splice(idle.indexOf(entry), 1);
    void entry.environment.kill();
  }
}

const recordsIn = (event: unknown): number =>
  typeof event === 'object' && event !== null && 'Records' in event && Array.isArray(event.Records)
    ? event.Records.length
    : 0;
