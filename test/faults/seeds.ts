// Hands jobs out to worker processes. A worker that ends, or that does not come to an end with its seed, is a broken promise
// of its own: the seed is reported, and another worker goes on.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Job } from './jobs.ts';
import type { SeedResult } from './run-seed.ts';

type Run = {
  readonly root: string;
  readonly jobs: Iterator<Job>;
  readonly forMs: number;
  readonly workers: number;
  /** Each worker's stage has a Kafka broker. */
  readonly kafka: boolean;
  /** The results have the lines of the ledger. */
  readonly withLedger?: boolean;
};

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
const LONGEST_SEED_MS = 240_000;

/** Runs the seeds; `onResult` answers whether to go on. Resolves when no seed runs any more. */
export async function runSeeds(
  { root, jobs, forMs, workers, kafka, withLedger = false }: Run,
  onResult: (result: SeedResult) => boolean,
): Promise<void> {
  const endsAt = performance.now() + forMs;
  let goesOn = true;

  async function work(): Promise<void> {
    let worker: ChildProcess | undefined;
    while (goesOn && performance.now() < endsAt) {
      const { value: job, done } = jobs.next();
      if (done) break;
      worker ??= fork(WORKER, [root, ...(kafka ? ['kafka'] : []), ...(withLedger ? ['ledger'] : [])], {
        cwd: root,
      });
      const result = await resultOf(job, worker);
      if (result.isOver) worker = undefined;
      if (goesOn) goesOn = onResult(result.result);
    }
    if (worker !== undefined) await ended(worker);
  }

  await Promise.all(Array.from({ length: workers }, work));
}

/** Lets a worker close its stage. Resolves when its process has ended. */
async function ended(worker: ChildProcess): Promise<void> {
  const end = once(worker, 'exit');
  worker.disconnect();
  await end;
}

function resultOf(job: Job, worker: ChildProcess): Promise<{ result: SeedResult; isOver: boolean }> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const settle = (result: SeedResult, isOver: boolean) => {
      clearTimeout(timer);
      worker.removeAllListeners();
      resolve({ result, isOver });
    };
    const fail = (text: string, more: Pick<SeedResult, 'hasCrashed'> = {}) => {
      worker.kill('SIGKILL');
      const seconds = (performance.now() - startedAt) / 1000;
      const breaches = [{ promise: 'stuck' as const, text }];
      const nothing = { messages: 0, requests: 0, places: {}, metFaults: [], metKinds: [] };
      settle({ ...job, ...nothing, seconds, breaches, ...more }, true);
    };
    const timer = setTimeout(
      () => fail(`no end within ${LONGEST_SEED_MS / 1000} s`, { hasCrashed: true }),
      LONGEST_SEED_MS,
    );
    worker.once('message', (result: SeedResult) => settle(result, false));
    worker.once('exit', (code, signal) =>
      fail(`the run ended by itself: ${signal ?? code}`, { hasCrashed: true }),
    );
    worker.send(job);
  });
}
