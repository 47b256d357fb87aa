import { expect, test } from 'vitest';
import { drawPlan } from '#test/faults/draw.ts';
import { messageLine, requestLine } from '#test/faults/ledger-lines.ts';
import { bytesOf } from '#test/faults/published.ts';
import type { Received } from '#test/faults/receiver.ts';
import { hashOf } from '#test/faults/request-members.ts';

const plan = drawPlan(1);
const [message] = plan.messages;
const [subscription] = plan.subscriptions;
if (message === undefined || subscription === undefined) throw new Error('the plan is empty');

const settings = { ...subscription.settings, qos: 'at-least-once', byKey: true, lanes: 5 } as const;
const run = { plan, items: { settingsOf: () => [settings] }, publishedAt: new Map([[message.id, 1_000]]) };

test('the line of a message has its place and what is stored', () => {
  const copies = [
    { subscription: subscription.id, id: message.id, place: 'held', reason: 'lost', hash: 'abc' } as const,
  ];
  const entry = { id: message.id, subscription: subscription.id, place: 'held', copies } as const;
  expect(JSON.parse(messageLine(entry, run))).toEqual({
    seed: 1,
    message: message.id,
    subscription: subscription.id,
    publishedAt: 1_000,
    place: 'held',
    stored: [{ place: 'held', reason: 'lost', hash: 'abc' }],
  });
});

test('the line of a request has its time, messages, lane, attempt, hash and the requests in flight', () => {
  const request: Received = {
    subscription: subscription.id,
    headers: new Map([
      ['webhook-id', message.id],
      ['webhook-attempt', '3'],
      ['x-item', '0 at-least-once 5'],
    ]),
    body: bytesOf(message),
    at: 2_000,
    isWhole: true,
    inFlight: 2,
    status: 500,
    endedAt: 2_010,
  };
  const hash = hashOf(bytesOf(message));
  expect(JSON.parse(requestLine(request, run))).toEqual({
    seed: 1,
    at: 2_000,
    subscription: subscription.id,
    webhookId: message.id,
    messages: [{ id: message.id, hash }],
    lane: expect.any(Number),
    attempt: 3,
    hash,
    isWhole: true,
    inFlight: 2,
    status: 500,
    endedAt: 2_010,
  });
});
