// The control of the neighbours' benchmark: the offender's subscriptions, but healthy.
import { expect, test } from 'vitest';
import { withHealthyItems } from '#test/bench/healthy-control.ts';
import type { HostileServer } from '#test/support/neighbours/neighbourhood.ts';

const none = () => Promise.reject(new Error('not asked'));
const server = (url: string): HostileServer => ({
  ...{ url, count: none, heads: none, hold: none, givenUp: none },
});

test('an item keeps its id, topic and cap, and goes to a receiver that answers at once', async () => {
  const items: unknown[] = [];
  const manners: unknown[] = [];
  const theirs = await withHealthyItems({
    serve: async (manner) => {
      manners.push(manner);
      return server(`http://127.0.0.1:${manners.length}`);
    },
    putSubscription: async (item) => void items.push(item),
    isSlow: async (id: string) => id === 'marked',
  });
  const slow = await theirs.serve({ status: 204, afterMs: 10_000 });
  const configuration = { callbackUrl: slow.url, maxConcurrentConnections: 10, readTimeout: 30_000 };
  await theirs.putSubscription({ id: 'offender-0', topic: 'offender', filter: {}, configuration });
  await theirs.putSubscription({
    id: 'a',
    topic: 'b',
    configuration: { callbackUrl: 'http://silent.test/' },
  });

  const callbackUrl = 'http://127.0.0.1:1';
  expect(manners).toEqual([{ status: 204 }]);
  expect(items).toEqual([
    {
      ...{ id: 'offender-0', topic: 'offender', tenant: 'control' },
      configuration: { callbackUrl, maxConcurrentConnections: 10 },
    },
    { id: 'a', topic: 'b', tenant: 'control', configuration: { callbackUrl } },
  ]);
  expect(await theirs.isSlow('offender-0')).toBe(true);
});
