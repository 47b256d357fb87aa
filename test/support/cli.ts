// The CLI as a person has it: its own process, its own environment, what it writes and how it ends.
import { spawn } from 'node:child_process';

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs the CLI on an endpoint; `env` adds to an environment without any AWS settings of this machine's. */
export function webhooks(
  args: readonly string[],
  {
    endpointUrl,
    env = {},
    stdin = '',
  }: { endpointUrl?: string; env?: Record<string, string>; stdin?: string },
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|WEBHOOKS)_/.test(name));
  const child = spawn(process.execPath, ['lib/cli/webhooks.ts', ...args], {
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
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  // It may end before it has read anything.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
