// A store that is opened while this environment has no file left.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = new URL('../../support/no-files.ts', import.meta.url).pathname;

it('is neither refused nor forgotten: the message is handed back, and the store is opened later', async () => {
  const command = 'ulimit -n 128 && exec "$0" "$@"';
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    command,
    process.execPath,
    SCRIPT,
    'openStore',
  ]);
  expect(JSON.parse(stdout)).toEqual(['LocalFault', true]);
});
