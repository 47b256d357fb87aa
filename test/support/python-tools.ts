// The Python programs of test:deploy, in a virtual environment in the user's cache folder. The environment is made again
// when requirements.txt changes. Needs Python 3.10 or newer with venv.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url));
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sqs-webhooks');

/** Newest first, because python3 may be an old version. */
const PYTHONS = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3', 'python'];
const IS_NEW_ENOUGH = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';

/** Returns the path of a program in the virtual environment, and makes it first if necessary. Throws with instructions. */
export function pythonTool(name: string): string {
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const home = join(cache, `python-${hash}`);
  if (!existsSync(join(home, '.complete'))) install(home);
  return join(home, 'bin', name);
}

function install(home: string): void {
  const python = PYTHONS.find((one) => spawnSync(one, ['-c', IS_NEW_ENOUGH]).status === 0);
  if (python === undefined) {
    throw new Error(
      'This needs Python 3.10 or newer with venv (on Debian: apt-get install python3-venv): install it and run again.',
    );
  }
  rmSync(home, { recursive: true, force: true });
  mkdirSync(dirname(home), { recursive: true });
  console.log(`Bringing the Python programs of ${REQUIREMENTS} into ${home}, once.`);
  run(python, ['-m', 'venv', home]);
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    REQUIREMENTS,
  ];
  run(join(home, 'bin/python'), pip);
  // Renamed as the last step: an interrupted installation starts again from the beginning.
  writeFileSync(join(home, '.writing'), '');
  renameSync(join(home, '.writing'), join(home, '.complete'));
}

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit ${status}`}`);
  }
}
