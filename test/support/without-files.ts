// Runs no-files.ts, which does something while its process has no file left, and again when it has some.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const SCRIPT = new URL('./no-files.ts', import.meta.url).pathname;

/** Both results of what `doing` names there; for an error its name. */
export async function withoutFiles(doing: 'openStore' | 'callSecrets'): Promise<readonly unknown[]> {
  const command = 'ulimit -n 128 && exec "$0" "$@"';
  const { stdout } = await promisify(execFile)('bash', ['-c', command, process.execPath, SCRIPT, doing]);
  return JSON.parse(stdout);
}
