// `npm run test:mutations`: takes the answer to each danger away, in a copy of the code, and runs the tests that must
// fail then. A test that passes all the same is told, and ends the run badly. With a word behind, only those whose id
// has it: npm run test:mutations -- S18
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DANGERS, type Danger } from './dangers.ts';

const root = process.cwd();
const copy = mkdtempSync(join(tmpdir(), 'mutations-'));
for (const name of [
  'lib',
  'test',
  'functions',
  'events',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
]) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

/** Says whether the test fails; one that is not found would pass. */
function fails([file, name]: Danger['tests'][number]): boolean {
  const pattern = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const { stdout } = spawnSync(
    join(root, 'node_modules/.bin/vitest'),
    ['run', '--project', 'unit', '--bail', '1', `test/unit/${file}.test.ts`, '-t', pattern],
    { cwd: copy, encoding: 'utf8' },
  );
  const [, failed] = /\d+ passed, (\d+) failed/.exec(stdout) ?? [];
  if (failed === undefined) throw new Error(`vitest says nothing of ${file}: ${stdout}`);
  return Number(failed) > 0;
}

let passed = 0;
const [word = ''] = process.argv.slice(2);
const chosen = DANGERS.filter(({ id }) => id.includes(word));
try {
  for (const { id, danger, edits, tests } of chosen) {
    for (const [file, from, to] of edits) {
      writeFileSync(
        join(copy, file),
        readFileSync(join(copy, file), 'utf8').replace(from, () => to),
      );
    }
    for (const test of tests) {
      const caught = fails(test);
      if (!caught) passed += 1;
      console.log(`${caught ? 'caught' : 'PASSED'}  ${id}: ${danger}  [${test.join(': ')}]`);
    }
    for (const [file] of edits) cpSync(join(root, file), join(copy, file));
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${chosen.length} dangers; ${passed} tests passed without the answer that they are for`);
process.exitCode = passed === 0 ? 0 : 1;
