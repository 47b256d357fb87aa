// MiniStack, an independent emulator of AWS, for the deploy tests: CloudFormation, Lambda with its event sources, and IAM
// with enforced rights. It listens on a free port of 127.0.0.1 and ends with this process.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '#test/support/free-port.ts';
import { pythonTool } from './python-tools.ts';

export type MiniStack = {
  readonly url: string;
  /** The last lines of its output, for the message of a failing test. */
  output(): string;
  close(): Promise<void>;
};

/** The credentials of the account's root user, who has all rights. */
export const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' } as const;
export const REGION = 'us-east-1';

const LAUNCHER = fileURLToPath(new URL('./start-ministack.py', import.meta.url));
const STARTS_WITHIN_MS = 60_000;
const OUTPUT_KEPT = 20_000;

export async function startMiniStack(): Promise<MiniStack> {
  const python = pythonTool('python');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const scratch = mkdtempSync(join(tmpdir(), 'ministack-'));
  let output = '';
  const server = spawn(python, [LAUNCHER], {
    cwd: scratch,
    // MiniStack has a process group of its own, so that the processes of its functions can be ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      // The functions run on the first `node` of the PATH: the project's, not the machine's.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: process.env.HOME,
      TMPDIR: scratch,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      AUTH: 'true',
    },
  });
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-OUTPUT_KEPT);
    });
  }
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const kill = (): void => {
    if (server.pid === undefined) return;
    try {
      process.kill(-server.pid, 'SIGKILL');
    } catch {
      // The process group has ended already.
    }
  };
  process.once('exit', kill);

  async function close(): Promise<void> {
    kill();
    await ended;
    process.removeListener('exit', kill);
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }

  const until = Date.now() + STARTS_WITHIN_MS;
  while (!(await answers(`${url}/_ministack/health`))) {
    if (server.exitCode === null && Date.now() < until) {
      await wait(100);
      continue;
    }
    await close();
    throw new Error(`MiniStack does not answer on ${url}:\n${output}`);
  }
  return { url, output: () => output, close };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
