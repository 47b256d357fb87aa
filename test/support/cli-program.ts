// Runs the CLI's program as a person does: in a process and an environment of its own. Tests check its output and exit code.
// cli.ts runs a command without a process.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

type Surroundings = { endpointUrl?: string; env?: Record<string, string> };

function startCli(args: readonly string[], { endpointUrl, env = {} }: Surroundings) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|WEBHOOKS)_/.test(name));
  return spawn(process.execPath, ['lib/cli/webhooks.ts', ...args], {
    env: {
      ...Object.fromEntries(inherited),
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...(endpointUrl !== undefined && { AWS_ENDPOINT_URL: endpointUrl }),
      ...env,
    },
    stdio: 'pipe',
  });
}

/** Starts a command that does not end by itself. `lines` are those of its standard output; `end` is Ctrl-C. */
export function webhooksRunning(args: readonly string[], surroundings: Surroundings) {
  const child = startCli(args, surroundings);
  child.stdin.end();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close');
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    stderr: () => stderr,
    async end(): Promise<void> {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Runs the CLI's program against an endpoint. `env` is added to an environment without this machine's AWS settings. */
export function webhooksProgram(
  args: readonly string[],
  { stdin = '', ...surroundings }: Surroundings & { stdin?: string },
): Promise<Ended> {
  const child = startCli(args, surroundings);
  // The process may end before it has read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  return endOf(child);
}

/** What a process writes until it ends, and its exit code. `onSaid` gets all of its standard error so far. */
export function endOf(
  child: ChildProcessByStdio<Writable | null, Readable, Readable>,
  onSaid: (said: string) => void = () => {},
): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    onSaid(stderr);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
