// Following: each step once, also those that show up late.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findAttempts } from '#lib/attempts/find.ts';
import { followAttempts } from '#lib/attempts/follow.ts';
import { type LogServer, listOf, startLogServer } from '#test/support/log-server.ts';

let server: LogServer;
beforeEach(async () => {
  server = await startLogServer();
});
afterEach(() => server.close());

const attempt = (messageId: string, fields: object = {}) =>
  server.line('deliver', 'delivery.attempted', { subscription: 'acme', messageId, ...fields });

test('steps are yielded once, in looks that wait between each other', async () => {
  attempt('shown');
  const query = { subscription: 'acme', since: server.now() - 60_000 };
  const known = await listOf(findAttempts(server.clients, { ...query, until: server.now() + 1 }));
  expect(known).toHaveLength(1);
  const looks = [
    () => attempt('second'),
    () => attempt('third', { outcome: 'failed' }),
    () => {},
    () => server.line('deliver', 'delivery.attempted', { subscription: 'globex', messageId: 'other' }),
    () => attempt('fourth'),
  ];
  attempt('first');
  const waits: number[] = [];
  const followed = followAttempts(server.clients, query, known, {
    now: server.now,
    wait: async (ms) => {
      waits.push(ms);
      server.advance(ms);
      looks.shift()?.();
      return looks.length > 0;
    },
  });
  const found = await listOf(followed);
  // The last wait ended the following before it looked again.
  expect(found.map(({ messageId }) => messageId)).toEqual(['first', 'second', 'third']);
  expect(waits).toEqual([2_000, 2_000, 2_000, 2_000, 2_000]);
});

test('only the last half minute is read again', async () => {
  for (let index = 0; index < 100; index++) attempt(`m${index}`);
  let looks = 0;
  const followed = followAttempts(server.clients, { since: 0 }, [], {
    now: server.now,
    wait: async () => {
      looks += 1;
      server.advance(60_000);
      return looks < 3;
    },
  });
  expect(await listOf(followed)).toHaveLength(100);
  expect(server.logs.calls.list().map(({ events }) => events)).toEqual([100, 100, 0]);
});
