// A client of AWS that is loaded while this environment has no file left.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = new URL('../../support/no-files.ts', import.meta.url).pathname;

it('is loaded by the next call that finds one', async () => {
  const command = 'ulimit -n 128 && exec "$0" "$@"';
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    command,
    process.execPath,
    SCRIPT,
    'callSecrets',
  ]);
  expect(JSON.parse(stdout)).toEqual(['Error', 'called']);
});
