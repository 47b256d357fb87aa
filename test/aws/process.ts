// Runs npm's programs for test:aws. They are not in this program's process group, so Ctrl-C ends this program's work in order
// and does not cut a deployment in the middle.
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs `node FILE ARGS`. Never rejects for an exit code. */
export function runNode(
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Ran> {
  const child = spawn(process.execPath, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      said[name] += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({
        code,
        stdout: stripVTControlCharacters(said.stdout),
        stderr: stripVTControlCharacters(said.stderr),
      }),
    );
  });
}
