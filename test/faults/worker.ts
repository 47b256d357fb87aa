// A process that runs seeds one after the other: it gets a seed, and answers with its result.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRunClock } from './clock.ts';
import { runSeed } from './run-seed.ts';

const [root = process.cwd()] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'faults-'));
const clockFile = join(folder, 'clock');
const clock = createRunClock(clockFile);

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('disconnect', () => process.exit(0));
process.on('message', (seed: number) => {
  void runSeed(seed, { root, clock, clockFile }).then((result) => process.send?.(result));
});
