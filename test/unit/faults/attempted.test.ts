import { expect, test } from 'vitest';
import { attemptedIn } from '#test/faults/attempted.ts';
import { inSubscription } from '#test/faults/in-subscription.ts';

const line = (fields: object) => `deliver: ${JSON.stringify({ event: 'delivery.attempted', ...fields })}`;

test('attempts of one message and of a batch are found, and other lines are not', () => {
  const lines = [
    line({ subscription: 's', messageId: 'm1-00' }),
    line({ subscription: 't', messageIds: 'm1-01 m1-02' }),
    'deliver: {"event":"delivery.parked","subscription":"s","messageId":"m1-03"}',
    'a poller reports delivery.attempted',
  ];
  expect(attemptedIn(lines)).toEqual(
    new Set([inSubscription('s', 'm1-00'), inSubscription('t', 'm1-01'), inSubscription('t', 'm1-02')]),
  );
});
