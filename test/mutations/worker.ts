// A worker of `npm run test:mutations`: in a copy of the code, its working folder, it applies each mutation that run.ts sends,
// runs the tests that must fail then, and answers which did. Vitest starts once, and reads only changed files again.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createVitest, type TestCase, type TestModule } from 'vitest/node';
import type { Danger } from './dangers.ts';

export type Verdict = {
  readonly danger: Danger;
  /** For each of its tests, whether it failed. Undefined when they could not be run; `error` says why. */
  readonly caught?: readonly boolean[];
  readonly error?: string;
};

const root = process.cwd();
const vitest = await createVitest('test', {
  root,
  project: ['unit'],
  watch: false,
  maxWorkers: 1,
  reporters: [{}],
});

const pathOf = ([file]: Danger['tests'][number]): string => join(root, `test/unit/${file}.test.ts`);
const fullNameOf = (test: TestCase): string => test.fullName.replaceAll(' > ', ' ');

/** Whether one of the tests of this name failed. Throws when none of this name ran: that would otherwise count as caught. */
function fails(test: Danger['tests'][number], modules: readonly TestModule[]): boolean {
  const module = modules.find(({ moduleId }) => moduleId === pathOf(test));
  const ran = [...(module?.children.allTests() ?? [])]
    .filter((one) => fullNameOf(one).includes(test[1]))
    .map((one) => one.result().state)
    .filter((state) => state === 'passed' || state === 'failed');
  if (ran.length === 0) {
    const errors = module?.errors().map(({ message }) => message) ?? [];
    throw new Error(`No test of ${relative(root, pathOf(test))} is named "${test[1]}". ${errors.join(' ')}`);
  }
  return ran.includes('failed');
}

async function judge(danger: Danger): Promise<readonly boolean[]> {
  const before = new Map(
    danger.edits.map(([file]) => [join(root, file), readFileSync(join(root, file), 'utf8')]),
  );
  try {
    for (const [file, from, to] of danger.edits) {
      const path = join(root, file);
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace(from, () => to),
      );
      vitest.invalidateFile(path);
    }
    const names = danger.tests.map(([, name]) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    vitest.setGlobalTestNamePattern(names.join('|'));
    const paths = [...new Set(danger.tests.map(pathOf))];
    const chosen = await vitest.globTestSpecifications(paths);
    const { testModules } = await vitest.runTestSpecifications(chosen);
    return danger.tests.map((test) => fails(test, testModules));
  } finally {
    for (const [path, text] of before) {
      writeFileSync(path, text);
      vitest.invalidateFile(path);
    }
  }
}

process.on('message', async (danger: Danger) => {
  let verdict: Verdict;
  try {
    verdict = { danger, caught: await judge(danger) };
  } catch (error) {
    verdict = { danger, error: String(error) };
  }
  process.send?.(verdict);
});
process.on('disconnect', async () => {
  await vitest.close();
  // Vitest has set the exit code for the tests that failed.
  process.exit(0);
});
process.send?.('ready');
