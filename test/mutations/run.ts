// `npm run test:mutations`: takes each safeguard out of a copy of the code and runs the tests that must fail then. A test
// that passes is printed, and the run exits with 1. A word as argument runs only the mutations whose id contains it:
// npm run test:mutations -- drain
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
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

const resultsSchema = z.object({ numPassedTests: z.number(), numFailedTests: z.number() });

/** Whether the named test fails. Throws when no test has that name: it would otherwise count as caught. */
function fails([file, name]: Danger['tests'][number]): boolean {
  const pattern = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const { stderr } = spawnSync(
    join(root, 'node_modules/.bin/vitest'),
    [
      ...['run', '--project', 'unit', '--reporter', 'json', '--outputFile', report],
      ...[`test/unit/${file}.test.ts`, '-t', pattern],
    ],
    { cwd: copy, encoding: 'utf8' },
  );
  const { numPassedTests, numFailedTests } = resultsSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
  if (numPassedTests + numFailedTests === 0) {
    throw new Error(`No test of test/unit/${file}.test.ts is named "${name}". ${stderr}`);
  }
  return numFailedTests > 0;
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
console.log(`${chosen.length} mutations; ${passed} tests passed that should have failed`);
process.exitCode = passed === 0 ? 0 : 1;
