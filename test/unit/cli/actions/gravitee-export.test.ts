// What a subscription of Gravitee's management API becomes, and what of it is said not to be carried over.
import { describe, expect, test } from 'vitest';
import { convert, subscriptionsIn } from '#lib/cli/actions/gravitee-export.ts';
import { subscriptionOf } from '#test/support/subscription-items.ts';

const now = Date.parse('2026-11-28T12:00:00Z');
const options = {
  callbackUrl: 'https://acme.example.com/hooks',
  headers: null,
  auth: { type: 'none' },
  ssl: { trustStore: { type: 'NONE' } },
};

/** As the management API returns it, with what its portal left empty. */
const subscription = (more: object = {}) => ({
  id: '0c8a4f5e-1f5b-4a43-8a4f-5e1f5bfa43aa',
  api: { id: 'api', name: 'Orders' },
  plan: { id: 'plan' },
  application: { id: 'app' },
  status: 'ACCEPTED',
  consumerStatus: 'STARTED',
  consumerConfiguration: { entrypointId: 'webhook', channel: '', entrypointConfiguration: options },
  metadata: { team: 'retail' },
  failureCause: null,
  createdAt: '2026-01-01T00:00:00Z',
  startingAt: '2026-01-01T00:00:00Z',
  endingAt: null,
  ...more,
});

function itemOf(given: object, topic?: string) {
  const converted = convert({ ...given }, { topic, now });
  if (converted.kind !== 'item') throw new Error(converted.why);
  return converted;
}

test('an object of the management API becomes an item with all that it says', () => {
  const { item, notCarriedOver, notes, paused } = itemOf(subscription(), 'orders');
  expect(subscriptionOf(item)).toMatchObject({
    id: '0c8a4f5e-1f5b-4a43-8a4f-5e1f5bfa43aa',
    topic: 'orders',
    callbackUrl: 'https://acme.example.com/hooks',
    metadata: { team: 'retail' },
  });
  expect(notCarriedOver).toEqual(['api', 'plan', 'application', 'createdAt']);
  expect({ notes, paused }).toEqual({ notes: [], paused: undefined });
});

test.each([
  [
    'whose options are text',
    {
      consumerConfiguration: undefined,
      configuration: JSON.stringify({ entrypointId: 'webhook', ...options }),
    },
  ],
  [
    'of the first version',
    { consumerConfiguration: undefined, configuration: { entrypointId: 'webhook-advanced', ...options } },
  ],
  [
    'whose inner options are text',
    { consumerConfiguration: { entrypointId: 'webhook', entrypointConfiguration: JSON.stringify(options) } },
  ],
  [
    'that is the consumer configuration itself',
    { consumerConfiguration: undefined, entrypointId: 'webhook', entrypointConfiguration: options },
  ],
])('a subscription %s is read too', (_, more) => {
  expect(subscriptionOf(itemOf(subscription(more)).item).callbackUrl).toBe('https://acme.example.com/hooks');
});

test.each([
  ['a page of the API', { data: [subscription(), subscription()], pagination: {} }, 2],
  ['an export', { subscriptions: [subscription()] }, 1],
  ['one subscription', subscription(), 1],
  ['one in data', { data: subscription() }, 1],
  ['a list with another value', { data: [subscription(), 5] }, 2],
])('%s has its subscriptions', (_, document, count) => {
  expect(subscriptionsIn(document)).toHaveLength(count);
});

describe('its life', () => {
  test.each([
    [{ status: 'PENDING' }, 'waits for approval'],
    [{ status: 'rejected' }, 'REJECTED'],
    [{ status: ' closed ' }, 'CLOSED'],
    [{ status: 'TRANSFERRED' }, 'TRANSFERRED'],
    [{ startingAt: 'soon' }, 'startingAt'],
    [{ endingAt: '1700000000000' }, 'endingAt'],
    [{ consumerConfiguration: null }, 'none of webhooks'],
    [{ consumerConfiguration: { entrypointId: 'websocket' } }, 'websocket'],
    [{ status: 'CLOSED' }, 'CLOSED'],
    [{ startingAt: '2027-01-01T00:00:00Z' }, '2027-01-01T00:00:00.000Z (startingAt)'],
    [{ startingAt: now + 1 }, 'startingAt'],
    [{ endingAt: '2026-11-28T12:00:00Z' }, 'endingAt'],
    [{ endingAt: undefined, ending_at: now }, 'endingAt'],
  ])('%j leaves it out, and says why', (more, why) => {
    expect(convert(subscription(more), { now })).toMatchObject({
      kind: 'left-out',
      why: expect.stringContaining(why),
    });
  });

  test.each([
    [{ status: 'PAUSED' }, 'status PAUSED'],
    [{ consumerStatus: 'STOPPED' }, 'consumerStatus STOPPED'],
  ])('%j pauses it', (more, why) => {
    expect(itemOf(subscription(more)).paused).toContain(why);
  });

  test.each([
    [{ endingAt: '2027-01-01T00:00:00Z' }, '2027-01-01T00:00:00.000Z'],
    [{ consumerStatus: 'FAILURE', failureCause: 'Connection refused' }, 'FAILURE'],
  ])('%j is noted', (more, note) => {
    expect(itemOf(subscription(more), 'orders').notes).toEqual([expect.stringContaining(note)]);
  });
});

test('a channel and fields that nobody knows are said not to be carried over; notes of the author are not', () => {
  const consumerConfiguration = {
    entrypointId: 'webhook',
    channel: '/orders',
    entrypointConfiguration: options,
  };
  const { item, notCarriedOver, notes } = itemOf(
    subscription({ consumerConfiguration, newField: 1, 'x-ours': 1 }),
  );
  expect(notCarriedOver).toEqual(['api', 'plan', 'application', 'createdAt', 'newField', 'channel']);
  expect(item['x-ours']).toBe(1);
  expect(notes).toEqual([expect.stringContaining('--topic')]);
});
