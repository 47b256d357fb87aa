// A process that prints the address of the page: `webhooks page`, or `npm start`.
import { type ChildProcess, spawn } from 'node:child_process';

export type PageProcess = {
  /** With the token. */
  readonly address: string;
  /** The server, without a path. */
  readonly url: string;
  /** The output of the process so far. */
  output(): string;
  /** Ends the process as Ctrl-C does. Resolves with the exit code. */
  end(): Promise<number | null>;
};

const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/;

/** Runs a program of the checkout until it has printed the address, and `ready` if given. Throws when it ends before. */
export async function startPageProcess(
  args: readonly string[],
  { env = {}, ready = ADDRESS }: { env?: Record<string, string>; ready?: RegExp } = {},
): Promise<PageProcess> {
  const child: ChildProcess = spawn(process.execPath, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const isReady = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        output += chunk;
        if (ADDRESS.test(output) && ready.test(output)) resolve();
      });
    child.once('exit', () => reject(new Error(`it ended: ${output}`)));
  });
  await isReady;
  const [address = ''] = ADDRESS.exec(output) ?? [];
  return {
    address,
    url: new URL(address).origin,
    output: () => output,
    end() {
      child.kill('SIGINT');
      return ended;
    },
  };
}
