// Hands seeds out to worker processes. A worker that ends, or that does not come to an end with its seed, is a broken promise
// of its own: the seed is reported, and another worker goes on.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SeedResult } from './run-seed.ts';

type Run = {
  readonly root: string;
  readonly from: number;
  readonly to: number | undefined;
  readonly forMs: number;
  readonly workers: number;
};

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
const LONGEST_SEED_MS = 240_000;

/** Runs the seeds; `onResult` answers whether to go on. Resolves when no seed runs any more. */
export async function runSeeds(
  { root, from, to, forMs, workers }: Run,
  onResult: (result: SeedResult) => boolean,
): Promise<void> {
  const endsAt = performance.now() + forMs;
  let next = from;
  let goesOn = true;

  async function work(): Promise<void> {
    let worker: ChildProcess | undefined;
    while (goesOn && (to === undefined || next <= to) && performance.now() < endsAt) {
      const seed = next++;
      worker ??= fork(WORKER, [root], { cwd: root });
      const result = await resultOf(seed, worker);
      if (result.isOver) worker = undefined;
      if (goesOn) goesOn = onResult(result.result);
    }
    worker?.disconnect();
  }

  await Promise.all(Array.from({ length: workers }, work));
}

function resultOf(seed: number, worker: ChildProcess): Promise<{ result: SeedResult; isOver: boolean }> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const settle = (result: SeedResult, isOver: boolean) => {
      clearTimeout(timer);
      worker.removeAllListeners();
      resolve({ result, isOver });
    };
    const fail = (text: string) => {
      worker.kill('SIGKILL');
      const seconds = (performance.now() - startedAt) / 1000;
      const breaches = [{ promise: 'stuck' as const, text }];
      settle({ seed, seconds, messages: 0, requests: 0, places: {}, breaches, hits: [] }, true);
    };
    const timer = setTimeout(() => fail(`no end within ${LONGEST_SEED_MS / 1000} s`), LONGEST_SEED_MS);
    worker.once('message', (result: SeedResult) => settle(result, false));
    worker.once('exit', (code, signal) => fail(`the run ended by itself: ${signal ?? code}`));
    worker.send(seed);
  });
}
