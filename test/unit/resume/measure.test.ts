// How much waits is counted within bounds, and says when it is more than was counted.
import { expect, test } from 'vitest';
import { measureBacklog, readMeasure } from '#lib/resume/measure.ts';
import { entryOf, putEntries } from '#lib/state/entries.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import { MINUTE, publishMany, SECOND } from '#test/support/moments.ts';
import { createWorld } from '#test/support/world.ts';

const delivery = (messageId: string) => ({
  subscription: 'acme',
  messageId,
  contentType: 'text/plain',
  headers: {},
  publishedAt: 0,
  attempt: 1,
  sends: 0,
});

/** So many entries in each of three lanes, oldest first from 1,000; a page of the table holds `pageSize`. */
async function backlog(each: number, pageSize: number) {
  const memory = createMemoryDocuments({ pageSize });
  let now = 0;
  const deps = { ...tablesOver(memory.documents), now: () => now };
  for (const lane of [0, 1, 2]) {
    const entries = Array.from({ length: each }, (_, index) =>
      entryOf(
        { delivery: delivery(`m${index}`), body: '', sequence: String(index + 1) },
        1_000 * (lane + 1) + index,
      ),
    );
    await putEntries('acme', lane, entries, deps);
  }
  return {
    memory,
    measure: (endsAt = Number.POSITIVE_INFINITY) => measureBacklog('acme', [0, 1, 2], endsAt, deps),
    read: () => readMeasure('acme', deps),
    /** Each query takes so long. */
    slow(ms: number) {
      memory.faults.call = ({ command }) => {
        if (command === 'Query') now += ms;
        return undefined;
      };
    },
  };
}

test('a backlog is counted exactly while that takes few pages', async () => {
  const { measure, read } = await backlog(20, 10);
  expect(await measure()).toMatchObject({ count: 60, oldestAt: 1_000 });
  expect(await read()).toEqual({ at: 0, count: 60, oldestAt: 1_000 });
});

test('a longer one is at least so much: reading stops, and the oldest of every lane is known all the same', async () => {
  const { memory, measure, read } = await backlog(100, 4);
  memory.calls.clear();
  const { count, lanes } = await measure();
  expect(memory.calls.get('Query')).toBeLessThanOrEqual(53);
  expect(count).toBeGreaterThanOrEqual(48 * 4);
  expect(count).toBeLessThan(300);
  expect(lanes.map(({ oldestAt }) => oldestAt)).toEqual([1_000, 2_000, 3_000]);
  expect(await read()).toMatchObject({ count, atLeast: true, oldestAt: 1_000 });
});

test('counting ends when the time does', async () => {
  const { measure, slow, read } = await backlog(100, 4);
  slow(1_000);
  const { count } = await measure(10_000);
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThanOrEqual(40);
  expect(await read()).toMatchObject({ count, atLeast: true });
});

test('what is counted exactly again is not called at least any more', async () => {
  const { measure, slow, read } = await backlog(20, 10);
  slow(1_000);
  await measure(1_000);
  expect(await read()).toMatchObject({ atLeast: true });
  await measure();
  expect(await read()).not.toHaveProperty('atLeast');
});

test('who asks for the status is told that it is at least so much', async () => {
  const world = createWorld({ pageSize: 1 });
  world.put('acme');
  world.sweepEveryMinute();
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  publishMany(world, 'acme', 70);
  await world.pass(15 * MINUTE);
  const said = world.ask({ subscription: 'acme', action: 'status' });
  await world.pass(SECOND);
  expect(await said).toMatchObject({ backlog: 50, backlogIsAtLeast: true });
});
