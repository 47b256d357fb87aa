// `npm run test:mutations`: takes each safeguard out of a copy of the code and runs the tests that must fail then. A test
// that passes is printed, and the run exits with 1. A word as argument runs only the mutations whose id contains it:
// npm run test:mutations -- drain
import { type ChildProcess, fork } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DANGERS } from './dangers.ts';
import type { Verdict } from './worker.ts';

const root = process.cwd();
const COPIED = ['lib', 'test', 'functions', 'events', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** Each worker changes files of a copy of its own. */
function copyOfCode(): string {
  const copy = mkdtempSync(join(tmpdir(), 'mutations-'));
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

const [word = ''] = process.argv.slice(2);
const chosen = DANGERS.filter(({ id }) => id.includes(word));
const left = [...chosen];
let passed = 0;

/** Prints a verdict. Throws when the tests could not be run. */
function report({ danger: { id, danger, tests }, caught, error }: Verdict): void {
  if (caught === undefined) throw new Error(`${id}: ${error}`);
  for (const [index, test] of tests.entries()) {
    if (!caught[index]) passed += 1;
    console.log(`${caught[index] ? 'caught' : 'PASSED'}  ${id}: ${danger}  [${test.join(': ')}]`);
  }
}

/** Gives the worker one mutation after the other, until none is left. */
async function employ(worker: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.on('message', (said: 'ready' | Verdict) => {
    try {
      if (said !== 'ready') report(said);
    } catch (error) {
      reject(error);
    }
    const next = left.shift();
    if (next !== undefined) worker.send(next);
    else worker.disconnect();
  });
  worker.on('error', reject);
  worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`A worker ended with ${code}.`))));
  await promise;
}

const copies = Array.from({ length: Math.min(availableParallelism(), chosen.length) }, copyOfCode);
const workers = copies.map((copy) => fork(join(copy, 'test/mutations/worker.ts'), { cwd: copy }));
try {
  await Promise.all(workers.map(employ));
} finally {
  for (const worker of workers) worker.kill();
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}
console.log(`${chosen.length} mutations; ${passed} tests passed that should have failed`);
process.exitCode = passed === 0 ? 0 : 1;
