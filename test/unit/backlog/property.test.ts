// What must hold of the whole set, whatever happens to it: order kept, at-least-once loses none, at-most-once doubles
// none, never too many at once, no lane stuck, no token breeds.
import { expect, test } from 'vitest';
import { tell } from '#test/support/chaos.ts';
import { faultsOf } from '#test/support/chaos-faults.ts';

const FROM = Number(process.env.SEED ?? 1);
const MANY = Number(process.env.SEEDS ?? 300);

test('whatever happens, nothing is lost, doubled, out of order or stuck', { timeout: 600_000 }, async () => {
  const failed: Record<number, string[]> = {};
  for (let seed = FROM; seed < FROM + MANY; seed++) {
    const story = await tell(seed);
    const faults = faultsOf(story);
    if (faults.length > 0) failed[seed] = faults.slice(0, 4);
    if (process.env.LINES) console.log(story.world.lines.join('\n'));
  }
  expect(failed).toEqual({});
});
