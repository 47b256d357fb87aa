import { expect, test } from 'vitest';
import { attemptsIn, isDropped } from '#test/faults/attempted.ts';
import { inSubscription } from '#test/faults/in-subscription.ts';

const line = (fields: object) => `deliver: ${JSON.stringify({ event: 'delivery.attempted', ...fields })}`;

const delivered = { outcome: 'delivered', action: 'done' };

test('attempts of one message and of a batch are found, and other lines are not', () => {
  const lines = [
    line({ subscription: 's', messageId: 'm1-00', ...delivered }),
    line({ subscription: 't', messageIds: 'm1-01 m1-02', ...delivered }),
    'deliver: {"event":"delivery.parked","subscription":"s","messageId":"m1-03"}',
    'a poller reports delivery.attempted',
  ];
  expect(attemptsIn(lines)).toEqual(
    new Map([
      [inSubscription('s', 'm1-00'), [delivered]],
      [inSubscription('t', 'm1-01'), [delivered]],
      [inSubscription('t', 'm1-02'), [delivered]],
    ]),
  );
});

test('a message is dropped by its action, or with a pause', () => {
  expect(isDropped({ outcome: 'failed', action: 'drop' })).toBe(true);
  expect(isDropped({ outcome: 'failed', action: 'pause', fate: 'drop' })).toBe(true);
  expect(isDropped({ outcome: 'failed', action: 'pause', fate: 'keep' })).toBe(false);
});
