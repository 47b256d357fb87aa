// One window of a benchmark: a program in a process of its own, which sends what it has measured and ends.
import { type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';

type Options = ForkOptions & { readonly longestMs: number };

/** Runs the program with its job as JSON. Undefined: it measured nothing within its time. It is killed then. */
export async function measureWindow<T>(
  program: URL,
  job: unknown,
  { longestMs, ...options }: Options,
): Promise<T | undefined> {
  const child = fork(program, [JSON.stringify(job)], {
    ...options,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // A group of its own: a function that computes without end has to end with its window.
    detached: true,
  });
  const killAll = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const bound = setTimeout(killAll, longestMs);
  process.once('exit', killAll);
  let window: T | undefined;
  child.on('message', (measured: T) => {
    window = measured;
  });
  await once(child, 'exit');
  clearTimeout(bound);
  process.off('exit', killAll);
  return window;
}
