// A part of a rate in the hands of several functions at once: together they keep its interval, whoever writes when.
import { expect, test } from 'vitest';
import { createRatePart } from '#lib/state/rate-part.ts';
import { createRandom } from '#test/support/agenda.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import { excessOver } from '#test/support/rate-bound.ts';

const log = { warn() {}, info() {}, error() {}, debug() {} };
const INTERVAL_MS = 200;
const EARLY_MS = 2 * INTERVAL_MS;

function createParts(count: number, earlyMs: number) {
  let time = 1_000_000;
  const { stateTable } = tablesOver(createMemoryDocuments().documents);
  const make = () =>
    createRatePart(
      { subscription: 'paced', lane: 0, rate: { intervalMs: INTERVAL_MS, earlyMs }, longestMs: 2_000 },
      { stateTable, now: () => time, log: log as never },
    );
  return {
    make,
    parts: Array.from({ length: count }, make),
    now: () => time,
    pass(ms: number) {
      time += ms;
    },
  };
}

test.each([0, EARLY_MS])(
  'several functions that use one part keep its bound, %i ms early at most',
  async (earlyMs) => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = createRandom(seed);
      const { make, parts, now, pass } = createParts(3, earlyMs);
      const sent: number[] = [];
      const reserved = new Set<number>();
      for (let step = 0; step < 400; step++) {
        pass(Math.floor(random() * 60));
        const index = Math.floor(random() * parts.length);
        const part = parts[index];
        if (part === undefined) throw new RangeError('no such part');
        if (random() < 0.05) {
          // The function ends, or dies, and another one begins.
          if (random() < 0.5) await part.giveBack(random() < 0.5);
          parts[index] = make();
          reserved.delete(index);
        } else if (reserved.has(index)) {
          reserved.delete(index);
          const over = await part.begin();
          if (typeof over !== 'function') continue;
          sent.push(now());
          if (random() < 0.5) over();
        } else if ((await part.nextAt()) <= now() && (await part.reserveAt(now()))) reserved.add(index);
      }
      expect(sent.length, `seed ${seed}`).toBeGreaterThan(10);
      const limit = { requests: 1, perSeconds: INTERVAL_MS / 1_000 };
      expect(excessOver(limit, 1 + earlyMs / INTERVAL_MS, sent), `seed ${seed}`).toBeLessThanOrEqual(0);
    }
  },
);

test('turns that were used late are made up for, as far as requests may be early', async () => {
  const { parts, now, pass } = createParts(1, EARLY_MS);
  const [part] = parts;
  if (part === undefined) throw new RangeError('no part');
  const from = now();
  let requests = 0;
  while (now() < from + 20_000) {
    const at = await part.nextAt();
    // A timer that is late, or a machine that is busy.
    pass(Math.max(0, at - now()) + 30);
    await part.reserveAt(now());
    if (typeof (await part.begin()) === 'function') requests += 1;
  }
  expect(requests).toBeGreaterThanOrEqual(20_000 / INTERVAL_MS);
});

test('a function that finds its part written by another does not send, and reads anew', async () => {
  const { parts, make, now, pass } = createParts(1, 0);
  const [one] = parts;
  const other = make();
  if (one === undefined) throw new RangeError('no part');
  expect(await one.nextAt()).toBeLessThanOrEqual(now());
  expect(await other.reserveAt(now())).toBe(true);
  expect(await other.begin()).toBeTypeOf('function');
  expect(await one.reserveAt(now())).toBe(false);
  pass(1);
  expect(await one.begin()).toBe('early');
  expect(await one.nextAt()).toBeGreaterThanOrEqual(now() + INTERVAL_MS - 1);
});
