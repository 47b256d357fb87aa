// The whole way of a message: where it is at the end, and how to send it again.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nextFor } from '#lib/attempts/next.ts';
import type { Step } from '#lib/attempts/step.ts';
import { findWay, wayEndsOf } from '#lib/attempts/way.ts';
import { type LogServer, startLogServer } from '#test/support/log-server.ts';

let server: LogServer;
beforeEach(async () => {
  server = await startLogServer();
});
afterEach(() => server.close());

const asked = (message: string) => ({ message, since: server.now() - 3_600_000, until: server.now() + 1 });

test('a message that was asked for by its SQS id is followed by the id that its publisher gave it', async () => {
  server.line('route', 'message.routed', {
    sqsMessageId: 'sqs-1',
    messageId: 'order-1',
    to: 'acme',
    deliveries: 1,
  });
  server.advance(5);
  server.line('deliver', 'delivery.attempted', {
    subscription: 'acme',
    messageId: 'order-1',
    action: 'done',
  });
  const way = await findWay(server.clients, asked('sqs-1'));
  expect(way.steps.map(({ step }) => step)).toEqual(['routed', 'attempt']);
  expect(way.ends).toMatchObject([{ subscription: 'acme', messageId: 'order-1', where: 'delivered' }]);
});

test('each subscription of a message has its own end', async () => {
  server.line('route', 'message.routed', { messageId: 'm', to: 'a b c', deliveries: 3 });
  const line = (subscription: string, event: string, fields: object = {}) =>
    server.line('deliver', event, { subscription, messageId: 'm', ...fields });
  line('a', 'delivery.attempted', { action: 'pause', fate: 'keep' });
  line('a', 'delivery.parked');
  line('b', 'delivery.attempted', { action: 'done' });
  const { ends } = await findWay(server.clients, asked('m'));
  expect(ends.map(({ subscription, where }) => `${subscription}: ${where}`)).toEqual([
    'a: waiting',
    'b: delivered',
    'c: queued',
  ]);
});

test('an attempt of a batch counts for each of its messages', async () => {
  server.line('route', 'message.routed', { messageId: 'm1', to: 'a', deliveries: 1 });
  const batch = { subscription: 'a', webhookId: 'batch_1', messages: 2, messageIds: 'm1 m2' };
  server.line('deliver', 'delivery.attempted', { ...batch, action: 'done' });
  const endsOf = async (id: string) =>
    (await findWay(server.clients, asked(id))).ends.map(({ messageId, where }) => [messageId, where]);
  expect(await endsOf('m1')).toEqual([['m1', 'delivered']]);
  expect(await endsOf('batch_1')).toEqual([
    ['m1', 'delivered'],
    ['m2', 'delivered'],
  ]);
});

test('the messages of a batch that was refused are sent alone, and their own ways say the rest', async () => {
  const batch = { subscription: 'a', webhookId: 'batch_1', messages: 2, messageIds: 'm1 m2' };
  server.line('deliver', 'delivery.attempted', { ...batch, action: 'one-by-one' });
  server.line('deliver', 'delivery.attempted', { subscription: 'a', messageId: 'm1', action: 'done' });
  const { ends } = await findWay(server.clients, asked('batch_1'));
  expect(ends.map(({ messageId, where }) => [messageId, where])).toEqual([
    ['m1', 'alone'],
    ['m2', 'alone'],
  ]);
  expect(ends[1] && nextFor(ends[1])?.command).toEqual(['attempts', '--message', 'm2']);
  expect((await findWay(server.clients, asked('m1'))).ends).toMatchObject([
    { messageId: 'm1', where: 'delivered' },
  ]);
});

test('a message that no filter wants ends there', async () => {
  server.line('route', 'message.routed', { messageId: 'm1', to: '', deliveries: 0, filtered: 2 });
  const { ends } = await findWay(server.clients, asked('m1'));
  expect(ends).toMatchObject([{ subscription: undefined, where: 'filtered' }]);
});

test('a message that was published once more has the end of the second time alone', () => {
  for (const first of ['filtered', 'without-subscription'] as const) {
    const before =
      first === 'filtered'
        ? step({ step: 'routed', function: 'route', deliveries: 0, subscription: undefined })
        : step({ step: first, function: 'route', subscription: undefined });
    const again = step({
      step: 'routed',
      function: 'route',
      deliveries: 1,
      to: 'acme',
      subscription: undefined,
    });
    const ends = wayEndsOf([before, again, step({ action: 'done' })]);
    expect(ends).toMatchObject([{ subscription: 'acme', where: 'delivered' }]);
  }
});

const step = (fields: Partial<Step>): Step => ({
  id: 'deliver/1',
  at: 0,
  step: 'attempt',
  function: 'deliver',
  subscription: 'acme',
  messageId: 'm1',
  ...fields,
});

describe('how to send it again', () => {
  test.each<[string, Partial<Step>, string, string | undefined]>([
    ['was delivered', { action: 'done' }, 'delivered', undefined],
    ['is held', { step: 'held' }, 'held', 'held send acme m1'],
    ['is held after a pause', { action: 'pause', fate: 'hold' }, 'held', 'held send acme m1'],
    [
      'is a dead letter',
      { step: 'dead-letter', endpoint: 'e', reason: 'rejected' },
      'dead-letter',
      'redrive e --subscription acme --id m1',
    ],
    [
      'is a dead letter that may have been delivered',
      { step: 'dead-letter', endpoint: 'e', reason: 'lost' },
      'dead-letter',
      'redrive e --subscription acme --id m1 --include-unknown',
    ],
    [
      'is at its endpoint',
      { step: 'bridged', endpoint: 'e' },
      'bridged',
      'redrive e --subscription acme --id m1',
    ],
    ['waits', { step: 'parked' }, 'waiting', 'status acme'],
    [
      'is undeliverable',
      { step: 'undeliverable' },
      'undeliverable',
      'redrive undeliverable --subscription acme --id m1',
    ],
    [
      'had no readable address',
      { step: 'undeliverable', subscription: undefined, messageId: undefined, sqsMessageId: 's' },
      'undeliverable',
      'redrive undeliverable --id s',
    ],
    ['was dropped', { action: 'drop' }, 'dropped', undefined],
    ['is tried again', { action: 'retry' }, 'retrying', undefined],
  ])('a message that %s', (_, fields, where, command) => {
    const [end] = wayEndsOf([step(fields)]);
    expect(end?.where).toBe(where);
    expect(end && nextFor(end)?.command?.join(' ')).toBe(command);
    expect(end && nextFor(end) === undefined).toBe(where === 'delivered');
  });

  test('the endpoint of a bridged letter stays known, and so does whether it may have been delivered', () => {
    const steps = [
      step({ step: 'dead-letter', endpoint: 'e', reason: 'unknown' }),
      step({ step: 'bridged', function: 'bridge', endpoint: 'e' }),
    ];
    const [end] = wayEndsOf(steps);
    expect(end && nextFor(end)?.command).toContain('--include-unknown');
  });
});
