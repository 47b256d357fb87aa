// The ledger can fail: each promise, broken by hand.
import { expect, test } from 'vitest';
import { balance } from '#test/faults/check.ts';
import { inSubscription } from '#test/faults/in-subscription.ts';
import type { Stored } from '#test/faults/places.ts';
import type { Plan, PlannedMessage, Settings } from '#test/faults/plan.ts';
import { bodyOf } from '#test/faults/published.ts';
import type { Received } from '#test/faults/receiver.ts';
import { hashOf } from '#test/faults/request-members.ts';

const settings: Settings = {
  qos: 'at-least-once',
  byKey: false,
  lanes: 1,
  filtered: false,
  interrupts: true,
  stops: false,
  secret: false,
  named: false,
};

const messageOf = (id: string, more: Partial<PlannedMessage> = {}): PlannedMessage => ({
  id,
  to: { subscription: 's' },
  subscriptions: ['s'],
  key: 'k',
  ordered: true,
  keep: true,
  bytes: 100,
  atMs: 0,
  ...more,
});

const request = (message: PlannedMessage, more: Partial<Received> = {}): Received => ({
  subscription: 's',
  headers: new Map([['webhook-id', message.id]]),
  body: Buffer.from(bodyOf(message)),
  at: 0,
  isWhole: true,
  status: 200,
  ...more,
});

const nowhere: Stored = {
  letters: new Set(),
  undeliverable: new Set(),
  held: new Set(),
  backlog: new Set(),
  attempted: new Set(),
  bodies: [],
};

function balanceOf(
  messages: readonly PlannedMessage[],
  received: readonly Received[],
  {
    stored = {},
    item = {},
    events = [],
  }: { stored?: Partial<Stored>; item?: Partial<Settings>; events?: Plan['events'] } = {},
) {
  const used = { ...settings, ...item };
  const plan: Plan = {
    seed: 1,
    fifoDeletedAgain: 'success',
    fifoLateDelete: 'success',
    subscriptions: [{ id: 's', byTopic: false, settings: used, answers: [] }],
    messages,
    calls: [],
    events,
  };
  const items = { settingsOf: () => [used], qualitiesOf: () => [used.qos] };
  return balance(plan, { items, received, stored: { ...nowhere, ...stored } });
}

const promises = (...given: Parameters<typeof balanceOf>) =>
  balanceOf(...given).breaches.map(({ promise }) => promise);

const [first, second] = [messageOf('m1-00'), messageOf('m1-01')];

test('messages that were delivered in order break nothing', () => {
  expect(balanceOf([first, second], [request(first), request(second)])).toMatchObject({
    places: { delivered: 2 },
    breaches: [],
  });
});

test('a message that is nowhere is lost', () => {
  expect(promises([first, second], [request(first)])).toEqual(['lost']);
});

test('a message whose every answer was an error, and that is stored nowhere, is lost', () => {
  expect(promises([first], [request(first, { status: 500 })])).toEqual(['lost']);
});

test('a dead letter is no loss', () => {
  const stored = { letters: new Set([inSubscription('s', first.id)]) };
  expect(promises([first], [request(first, { status: 400 })], { stored })).toEqual([]);
});

test('a message that waits at the end is stuck', () => {
  expect(promises([first], [], { stored: { backlog: new Set([inSubscription('s', first.id)]) } })).toEqual([
    'stuck',
  ]);
});

test('a second request under at-most-once is a double', () => {
  const twice = [request(first, { status: 500 }), request(first)];
  expect(promises([first], twice, { item: { qos: 'at-most-once' } })).toEqual(['doubled']);
});

test('a later message of the key that was delivered first is out of order', () => {
  expect(promises([first, second], [request(second), request(first)])).toEqual(['out of order']);
});

test('the order of two keys is free', () => {
  const other = messageOf('m1-01', { key: 'another' });
  expect(promises([first, other], [request(other), request(first)])).toEqual([]);
});

test('the place in a batch counts', () => {
  const body = Buffer.from(`[${bodyOf(second)},${bodyOf(first)}]`);
  const headers = new Map([
    ['webhook-batch', '2'],
    ['content-type', 'application/json'],
  ]);
  expect(promises([first, second], [request(first, { headers, body })])).toEqual(['out of order']);
});

test('other bytes than were published are noticed', () => {
  expect(promises([first], [request(first, { body: Buffer.from('{}') })])).toEqual(['changed']);
});

test('a message that the filter does not let through may not arrive', () => {
  const unwanted = messageOf('m1-00', { keep: false });
  expect(promises([unwanted], [], { item: { filtered: true } })).toEqual([]);
  expect(promises([unwanted], [request(unwanted)], { item: { filtered: true } })).toEqual(['misplaced']);
});

test.each(['held', 'letters'] as const)(
  'a message that the filter does not let through may not be kept: %s',
  (place) => {
    const unwanted = messageOf('m1-00', { keep: false });
    const stored = { [place]: new Set([inSubscription('s', unwanted.id)]) };
    expect(promises([unwanted], [], { item: { filtered: true }, stored })).toEqual(['misplaced']);
    expect(promises([unwanted], [], { stored })).toEqual([]);
  },
);

test('the order of messages that were published without one is free', () => {
  const [older, newer] = [messageOf('m1-00', { ordered: false }), messageOf('m1-01', { ordered: false })];
  expect(promises([older, newer], [request(newer), request(older)])).toEqual([]);
});

test('more requests than the rate allows are noticed', () => {
  const many = Array.from({ length: 10 }, (_, index) => messageOf(`m1-0${index}`));
  const item = { rateLimit: { requests: 1, perSeconds: 30 } };
  const spaced = many.map((one, index) => request(one, { at: index * 30_000 }));
  expect(promises(many, spaced, { item })).toEqual([]);
  const close = many.map((one, index) => request(one, { at: index * 10_000 }));
  expect(promises(many, close, { item })).toEqual(['rate']);
});

test('a clock that is ahead may send what a rate allows a little earlier', () => {
  const many = Array.from({ length: 12 }, (_, index) => messageOf(`m1-${10 + index}`));
  const close = many.map((one, index) => request(one, { at: index * 25_000 }));
  const item = { rateLimit: { requests: 1, perSeconds: 30 } };
  const ahead = { atMs: 0, do: 'skew', ms: [-15_000, 60_000, 0, 0] } as const;
  expect(promises(many, close, { item })).toEqual(['rate']);
  expect(promises(many, close, { item, events: [ahead] })).toEqual([]);
});

test('a message of `none` that was neither sent nor attempted is lost', () => {
  const item = { qos: 'none' } as const;
  expect(promises([first], [], { item })).toEqual(['lost']);
  const attempted = new Set([inSubscription('s', first.id)]);
  expect(promises([first], [], { item, stored: { attempted } })).toEqual([]);
  expect(promises([first], [request(first, { status: 500 })], { item })).toEqual([]);
});

test('a message that comes to another subscription is noticed', () => {
  const other = messageOf('m1-00', { to: { subscription: 'other' }, subscriptions: ['other'] });
  expect(promises([other], [request(other)])).toEqual(['misplaced']);
});

test('a message that is kept with other bytes is noticed', () => {
  const letters = new Set([inSubscription('s', first.id)]);
  const kept = (body: string) => [{ id: first.id, place: 'dead letter' as const, hash: hashOf(body) }];
  expect(promises([first], [], { stored: { letters, bodies: kept(bodyOf(first)) } })).toEqual([]);
  expect(promises([first], [], { stored: { letters, bodies: kept('') } })).toEqual(['changed']);
});
