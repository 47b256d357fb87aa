// A process that runs seeds one after the other: it gets a job, and answers with its result.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRunClock } from './clock.ts';
import type { Job } from './jobs.ts';
import { runSeed } from './run-seed.ts';
import { type Stage, startStage } from './stage.ts';

/** After so many seeds the stage is replaced, so that every tenth or so begins with cold functions. */
const SEEDS_OF_A_STAGE = 10;

const [root = process.cwd(), ...more] = process.argv.slice(2);
const [kafka, withLedger] = [more.includes('kafka'), more.includes('ledger')];
const folder = mkdtempSync(join(tmpdir(), 'faults-'));
const clockFile = join(folder, 'clock');
const clock = createRunClock(clockFile);
let stage: Promise<Stage> | undefined;
let seeds = 0;

async function run(job: Job): Promise<void> {
  stage ??= startStage({ root, clock, clockFile, kafka });
  const result = await runSeed(job, await stage, { withLedger });
  seeds += 1;
  // What a broken promise has left would be taken for a fault of the next seed.
  if (result.breaches.length > 0 || seeds % SEEDS_OF_A_STAGE === 0) {
    await (await stage).close();
    stage = undefined;
  }
  process.send?.(result);
}

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('disconnect', () => {
  const closing = stage?.then((one) => one.close());
  void Promise.resolve(closing).finally(() => process.exit(0));
});
process.on('message', (job: Job) => void run(job));
