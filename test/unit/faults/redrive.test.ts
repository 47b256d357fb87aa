import { expect, test } from 'vitest';
import { inSubscription } from '#test/faults/in-subscription.ts';
import type { Settings } from '#test/faults/plan.ts';
import type { Received } from '#test/faults/receiver.ts';
import { balanceRedrive, bridgedIn } from '#test/faults/redrive.ts';

const letter = inSubscription('s', 'm1-00');

const request = (id: string): Received => ({
  subscription: 's',
  headers: new Map([['webhook-id', id]]),
  body: Buffer.from('{}'),
  at: 0,
  isWhole: true,
});

const settings: Settings = {
  qos: 'at-most-once',
  byKey: false,
  lanes: 1,
  filtered: false,
  dlq: 'letters',
  interrupts: true,
  stops: false,
  secret: false,
  named: false,
};

const bridged = (endpoint: string) =>
  `bridge: {"event":"letter.bridged","subscription":"s","messageId":"m1-00","endpoint":"${endpoint}"}`;

const promises = (
  received: readonly Received[],
  {
    left = [],
    item = {},
    lines = [],
  }: { left?: readonly string[]; item?: Partial<Settings>; lines?: readonly string[] } = {},
) =>
  balanceRedrive(
    { requestsBefore: 1, letters: new Set([letter]), linesBefore: 1 },
    {
      plan: { subscriptions: [], messages: [], events: [] },
      items: { settingsOf: () => [{ ...settings, ...item }] },
      received: [request('m1-00'), ...received],
      stored: { copies: left.map((at) => ({ subscription: 's', id: 'm1-00', place: 'dead letter', at })) },
      interrupted: new Set(),
      lines,
    },
  ).map(({ promise }) => promise);

test('a letter that came once breaks nothing', () => {
  expect(promises([request('m1-00')])).toEqual([]);
});

test('a letter that did not come is lost, and one that is still there is stuck', () => {
  expect(promises([])).toEqual(['lost']);
  expect(promises([], { left: ['letters'] })).toEqual(['stuck']);
});

test('a letter that was put there anew after the redrive began waits for the next one', () => {
  const line = bridged('letters');
  expect(promises([], { left: ['letters'], lines: [line] })).toEqual(['stuck']);
  expect(promises([], { left: ['letters'], lines: [line, line] })).toEqual([]);
});

test('a letter of another endpoint may stay', () => {
  expect(promises([], { left: ['letters'], item: { dlq: 'broken' } })).toEqual([]);
});

test('a letter that came twice is a double under at-most-once', () => {
  const twice = [request('m1-00'), request('m1-00')];
  expect(promises(twice)).toEqual(['doubled']);
  expect(promises(twice, { item: { qos: 'auto' } })).toEqual([]);
});

test('another message that came again is a double', () => {
  expect(promises([request('m1-00'), request('m1-01')])).toEqual(['doubled']);
});

test('a letter that is in the queue of another endpoint was redriven and did not arrive', () => {
  expect(promises([], { left: ['broken'] })).toEqual(['lost']);
});

test('the letters of the queue are those of its endpoint that the log has', () => {
  expect(bridgedIn([bridged('letters')])).toEqual(new Set([letter]));
  expect(bridgedIn([bridged('broken')])).toEqual(new Set());
  expect(bridgedIn([bridged('topic')])).toEqual(new Set());
});
