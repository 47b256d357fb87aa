import { defineConfig } from 'vitest/config';

// One glob finds every test: what lies under test/<kind>/ and ends in .test.ts. Each kind is a project, run by name.
const project = (name: string, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], ...more },
});

export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      // No network and no state in modules: the files share processes, and a module is loaded once in each of them. Much of
      // their memory is soon free again, which a larger young generation makes cheap. On a machine with much else to do the
      // long stories take a minute.
      project('unit', {
        testTimeout: 120_000,
        pool: 'forks',
        isolate: false,
        maxWorkers: '100%',
        execArgv: ['--max-semi-space-size=64'],
      }),
      // Projects with their own number of workers need a place of their own in the order.
      project('conformance', { testTimeout: 30_000, sequence: { groupOrder: 1 } }),
      // Beside a real broker: see the script test:kafka. Most of these tests wait for it.
      project('kafka', {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        maxWorkers: 2,
        globalSetup: ['./test/support/package-once.ts'],
      }),
      project('integration', {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        maxWorkers: 3,
        sequence: { groupOrder: 2 },
        globalSetup: ['./test/support/package-once.ts'],
      }),
      // The page in a real browser. Each file has a set and a browser of its own, and waits for the page more than it computes.
      project('browser', {
        testTimeout: 300_000,
        hookTimeout: 240_000,
        maxWorkers: 2,
        sequence: { groupOrder: 4 },
        globalSetup: ['./test/support/package-once.ts'],
      }),
      // Each test has a set of its own, and offenders that want all of the machine.
      project('neighbours', {
        testTimeout: 180_000,
        hookTimeout: 60_000,
        maxWorkers: 2,
        sequence: { groupOrder: 3 },
        globalSetup: ['./test/support/package-once.ts'],
      }),
      // One emulated AWS serves all of it, one file after the other.
      project('deploy', {
        testTimeout: 360_000,
        hookTimeout: 240_000,
        maxWorkers: 1,
        globalSetup: ['./test/support/deploy-once.ts'],
      }),
    ],
  },
});
