import { expect, test } from 'vitest';
import { attemptsByMessage, attemptsIn, isDropped } from '#test/faults/attempted.ts';
import { inSubscription } from '#test/faults/in-subscription.ts';

const timestamp = '2026-11-29T00:00:01.000Z';
const delivered = { outcome: 'delivered', action: 'done' };
const line = (fields: object) =>
  `deliver: ${JSON.stringify({ message: 'delivery.attempted', timestamp, durationMs: 20, ...delivered, ...fields })}`;

test('attempts of one message and of a batch are found, and other lines are not', () => {
  const lines = [
    line({ subscription: 's', messageId: 'm1-00' }),
    line({ subscription: 't', webhookId: 'b1', messageIds: 'm1-01 m1-02' }),
    'deliver: {"message":"delivery.parked","subscription":"s","messageId":"m1-03"}',
    'a poller reports delivery.attempted',
  ];
  const attempts = attemptsIn(lines);
  expect(attempts).toMatchObject([
    { webhookId: 'm1-00', loggedAt: Date.parse(timestamp), durationMs: 20, ...delivered },
    { webhookId: 'b1', ids: ['m1-01', 'm1-02'], ...delivered },
  ]);
  expect(attemptsByMessage(attempts)).toEqual(
    new Map([
      [inSubscription('s', 'm1-00'), [attempts[0]]],
      [inSubscription('t', 'm1-01'), [attempts[1]]],
      [inSubscription('t', 'm1-02'), [attempts[1]]],
    ]),
  );
});

test('a message is dropped by its action, or with a pause', () => {
  expect(isDropped({ action: 'drop' })).toBe(true);
  expect(isDropped({ action: 'pause', fate: 'drop' })).toBe(true);
  expect(isDropped({ action: 'pause', fate: 'keep' })).toBe(false);
});
