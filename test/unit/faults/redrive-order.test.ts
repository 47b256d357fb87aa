// Redriven letters of a key come as they were published.
import { expect, test } from 'vitest';
import { inSubscription } from '#test/faults/in-subscription.ts';
import { ID, PLAIN, planOfOne } from '#test/faults/plan-of-one.ts';
import type { Received } from '#test/faults/receiver.ts';
import { redrivenOutOfOrder } from '#test/faults/redrive-order.ts';

const plan = planOfOne({ settings: {}, answers: [], messages: 2, everyMs: 0, redrive: 'nothing' });
const [first = '', second = ''] = plan.messages.map(({ id }) => id);

const request = (id: string): Received => ({
  subscription: ID,
  headers: new Map([['webhook-id', id]]),
  body: Buffer.from('{}'),
  at: 0,
  isWhole: true,
});

const BACKWARDS = [second, first];

const found = (ids: readonly string[], more: Partial<Parameters<typeof redrivenOutOfOrder>[0]> = {}) =>
  redrivenOutOfOrder({
    plan,
    items: { settingsOf: () => [PLAIN] },
    received: ids.map(request),
    letters: new Set([first, second].map((id) => inSubscription(ID, id))),
    interrupted: new Set(),
    ...more,
  }).length;

test('a later letter of the key that comes first is out of order', () => {
  expect(found([first, second])).toBe(0);
  expect(found([first, second, first])).toBe(0);
  expect(found(BACKWARDS)).toBe(1);
});

test('what has no order, or was interrupted, may come in any', () => {
  expect(found(BACKWARDS, { items: { settingsOf: () => [{ ...PLAIN, qos: 'auto' }] } })).toBe(0);
  expect(found(BACKWARDS, { interrupted: new Set([inSubscription(ID, first)]) })).toBe(0);
  expect(found(BACKWARDS, { plan: { ...plan, redrive: 'kill-before' } })).toBe(0);
  const apart = plan.messages.map((message) => ({ ...message, key: message.id }));
  expect(found(BACKWARDS, { plan: { ...plan, messages: apart } })).toBe(0);
});
