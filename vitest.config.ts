import { defineConfig } from 'vitest/config';

// One glob finds every test: what lies under test/<kind>/ and ends in .test.ts. Each kind is a project, run by name.
const project = (name: string, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], ...more },
});

export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      project('unit', { testTimeout: 30_000 }),
      project('conformance', { testTimeout: 30_000 }),
      // Beside a real broker, which is on the same two cores: see the script test:kafka.
      project('kafka', {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        maxWorkers: 1,
        globalSetup: ['./test/support/package-once.ts'],
      }),
      project('integration', {
        testTimeout: 60_000,
        hookTimeout: 60_000,
        maxWorkers: 3,
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
