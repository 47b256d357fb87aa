// The bill uses the calls that the benchmark counts: the functions themselves over counting clients.
import { describe, expect, test } from 'vitest';
import { ASSUMED, billedMs, billOf, totalOf, type Usage } from '#lib/cost/bill.ts';
import { QOS } from '#lib/subscription/subscription.ts';
import { countCalls } from '#test/bench/counts.ts';

const USAGE = {
  qos: 'at-least-once',
  batch: 10,
  subscriptions: 10,
  cap: 5,
  perRequest: 1,
  latencyMs: 200,
  bodyBytes: 1_024,
} as const satisfies Usage;
const body = 'x'.repeat(USAGE.bodyBytes);
const bill = async (more: Partial<Usage & { readonly order: 'key' }> = {}) => {
  const usage = { ...USAGE, ...more };
  return billOf(await countCalls({ ...usage, body }), usage);
};
const unitsOf = (lines: Awaited<ReturnType<typeof bill>>, what: string) =>
  lines.find((line) => line.what === what)?.units;

test.each(QOS)('%s: full batches share their calls', async (qos) => {
  const { route, deliver } = await countCalls({ qos, batch: 10, subscriptions: 10, body });
  expect(route.calls).toEqual({ SendMessageBatch: 0.1 });
  expect(deliver.calls).toMatchObject({ ChangeMessageVisibilityBatch: 0.1, BatchGet: 0.1 });
  expect(deliver.itemsRead).toBe(2);
});

test.each(QOS)('%s: a message alone in its batch has all calls for itself', async (qos) => {
  const { route, deliver } = await countCalls({ qos, batch: 1, subscriptions: 10, body });
  expect(route.calls).toEqual({ SendMessageBatch: 1 });
  expect(deliver.calls).toMatchObject({ ChangeMessageVisibilityBatch: 1, BatchGet: 1 });
});

test('the calls of the bill are those that were counted', async () => {
  const counts = await countCalls({ ...USAGE, qos: 'at-most-once', body });
  const lines = billOf(counts, { ...USAGE, qos: 'at-most-once' });
  const { calls } = counts.deliver;
  expect(unitsOf(lines, 'deliveries.fifo: send')).toBe(counts.route.calls.SendMessageBatch);
  expect(unitsOf(lines, 'claims: write')).toBe((calls.Put ?? 0) + (calls.Update ?? 0) + (calls.Delete ?? 0));
  expect(unitsOf(lines, 'claims: write')).toBeGreaterThan(0);
  const own = (calls.ChangeMessageVisibilityBatch ?? 0) + (calls.DeleteMessageBatch ?? 0);
  expect(unitsOf(lines, 'deliveries.fifo: receive, change visibility, delete')).toBeCloseTo(0.2 + own);
  const logged = counts.route.logBytes + counts.deliver.logBytes + 2 * (ASSUMED.lambdaLogBytes / 10);
  expect(unitsOf(lines, 'log lines')).toBe(logged / 1000);
});

test('full batches with order and a quality of service cost less than 1.30 USD a million', async () => {
  expect(totalOf(await bill())).toBeLessThan(1.3);
});

test('a message above 64 KB costs a request for each 64 KB', async () => {
  const lines = await bill({ bodyBytes: 256 * 1024 });
  expect(unitsOf(lines, 'deliveries.fifo: send')).toBeGreaterThan(4);
});

test('log bytes that are given count instead of those that were counted', async () => {
  expect(unitsOf(await bill({ logBytes: 2_000 }), 'log lines')).toBe(2);
});

test('at-most-once makes two calls for a delivery of its own: the claim and the delete', async () => {
  const { calls } = (await countCalls({ qos: 'at-most-once', batch: 10, subscriptions: 10, body })).deliver;
  expect(calls).toEqual({ ChangeMessageVisibilityBatch: 0.1, BatchGet: 0.1, Put: 1, DeleteMessageBatch: 1 });
});

test.each(['at-least-once', 'at-most-once'] as const)(
  '%s: requests of several messages share calls, time and headers',
  async (qos) => {
    const together = { qos, perRequest: 10 } as const;
    const [many, one] = [await bill(together), await bill({ qos, subscriptions: 1 })];
    for (const what of ['deliver: time', 'traffic to the internet', 'log lines'])
      expect(unitsOf(many, what)).toBeLessThan(unitsOf(one, what) ?? 0);
    expect((await countCalls({ ...USAGE, ...together, body })).requests).toBe(0.1);
    expect(totalOf(many)).toBeLessThan(totalOf(one));
  },
);

test.each(['at-least-once', 'at-most-once'] as const)(
  '%s by key: as many calls as with one lane, and every message is delivered',
  async (qos) => {
    const byKey = await countCalls({ qos, batch: 10, subscriptions: 1, order: 'key', body });
    const inOneLane = await countCalls({ qos, batch: 10, subscriptions: 1, body });
    expect(byKey.deliver.calls).toEqual(inOneLane.deliver.calls);
    expect(byKey.requests).toBe(1);
  },
);

describe('an invocation is billed', () => {
  const waits = (more: Partial<Usage>) =>
    billedMs({ ...USAGE, ...more }) - billedMs({ ...USAGE, latencyMs: 0 });

  test('for one answer where each message is in a lane of its own', () => {
    expect(waits({})).toBe(200);
  });

  test('for one answer after the other where all are in one ordered lane', () => {
    expect(waits({ subscriptions: 1 })).toBe(10 * 200);
  });

  test('for two answers of a lane with five requests in flight', () => {
    expect(waits({ subscriptions: 1, qos: 'auto', cap: 20 })).toBe(2 * 200);
  });
});
