// Runs parts of a benchmark in child processes, so that they use no time of the measured thread. A child first sends its
// address; then it answers requests.
import { fork } from 'node:child_process';
import { once } from 'node:events';

export type Beside<Asked> = {
  /** The child's first message: its address. */
  readonly told: string;
  /** Sends a request to the child. Rejects when the child ends without an answer. */
  ask<T>(asked: Asked): Promise<T>;
  close(): void;
};

type Question<Asked> = { readonly number: number; readonly asked: Asked };
type Answer = { readonly number: number; readonly answer: unknown };

type Start = {
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
};

export async function startBeside<Asked = never>(
  file: string,
  { flags = [], args = [], env = {} }: Start = {},
): Promise<Beside<Asked>> {
  const child = fork(new URL(file, import.meta.url), args, {
    env: { ...process.env, ...env },
    execArgv: [...flags],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const begun = new AbortController();
  const ended = once(child, 'exit', { signal: begun.signal }).then(([code]) => {
    throw new Error(`${file} ended with ${code} before it began`);
  });
  const [told] = (await Promise.race([once(child, 'message'), ended])) as [string];
  ended.catch(() => {});
  begun.abort();
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  child.on('message', ({ number, answer }: Answer) => {
    open.get(number)?.resolve(answer);
    open.delete(number);
  });
  child.once('exit', (code) => {
    for (const { reject } of open.values()) reject(new Error(`${file} ended with ${code}`));
  });
  let asked = 0;
  return {
    told,
    ask: <T>(question: Asked) =>
      new Promise<T>((resolve, reject) => {
        const number = asked++;
        open.set(number, { resolve: (value) => resolve(value as T), reject });
        child.send({ number, asked: question } satisfies Question<Asked>);
      }),
    close: () => child.disconnect(),
  };
}

/** Runs in the child: sends the first message, then answers requests. An error ends the child, and so the benchmark. */
export function answering<Asked>(told: string, answer: (asked: Asked) => unknown): void {
  process.on('message', async ({ number, asked }: Question<Asked>) => {
    process.send?.({ number, answer: await answer(asked) } satisfies Answer);
  });
  process.on('disconnect', () => process.exit());
  process.send?.(told);
}
