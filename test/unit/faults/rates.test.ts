// The check of the rate can fail, and allows what the harness can't know: when a request was sent before it arrived.
import { expect, test } from 'vitest';
import type { LoggedAttempt } from '#test/faults/attempted.ts';
import { VERSION_HEADER } from '#test/faults/item.ts';
import type { Settings } from '#test/faults/plan.ts';
import { inFlightOf, overRate } from '#test/faults/rates.ts';
import type { Received } from '#test/faults/receiver.ts';
import { sentOf } from '#test/faults/sent.ts';

const settings: Settings = {
  qos: 'auto',
  byKey: false,
  lanes: 2,
  filtered: false,
  interrupts: true,
  stops: false,
  secret: false,
  named: false,
  rateLimit: { requests: 10, perSeconds: 1 },
};
const other: Settings = { ...settings, rateLimit: { requests: 4, perSeconds: 1 } };

const request = (at: number, version = 0): Received => ({
  subscription: 's',
  headers: new Map([
    ['webhook-id', `m${at}`],
    [VERSION_HEADER, `${version} auto 2`],
  ]),
  body: Buffer.alloc(0),
  at,
  isWhole: true,
  endedAt: at + 2,
});

const attempt = (at: number, durationMs = 2): LoggedAttempt => ({
  subscription: 's',
  webhookId: `m${at}`,
  ids: [`m${at}`],
  outcome: 'delivered',
  action: 'done',
  loggedAt: at + 3,
  durationMs,
});

const at = (...times: readonly number[]) => times.map((time) => request(time));
const over = (
  received: readonly Received[],
  versions = [settings],
  attempts = received.map((one) => attempt(one.at)),
) => overRate(sentOf(received, attempts, 0), versions);

test('requests in the time of the rate are allowed, and one more for each in flight', () => {
  expect(over(at(1_000, 1_001, 1_100, 1_200, 1_300))).toBeUndefined();
  expect(over(at(1_000, 1_001, 1_002, 1_100))).toContain('10 in 1 s');
});

test('a request may have been sent when its attempt began, long before it arrived', () => {
  const received = at(1_000, 1_001, 1_002, 1_100);
  const late = received.map((one, index) => attempt(one.at, index < 2 ? 200 : 2));
  expect(over(received, [settings], late)).toBeUndefined();
});

test('a request without a log line may have been sent a second and a half before', () => {
  const received = Array.from({ length: 30 }, (_, index) => request(1_000 + index));
  expect(over(received.slice(0, 15), [settings], [])).toBeUndefined();
  expect(over(received, [settings], [])).toContain('too many');
});

test('each stretch between changes of the rate is checked by its own rate', () => {
  const spaced = [request(1_000), request(1_001), request(1_002, 1), request(1_003, 1)];
  expect(over(spaced, [settings, other])).toBeUndefined();
  expect(over([...spaced, request(1_103, 1)], [settings, other])).toContain('4 in 1 s');
  // An item that is put anew begins no stretch.
  expect(over(spaced, [settings, settings])).toContain('10 in 1 s');
});

test('a low rate has fewer requests in flight', () => {
  expect(inFlightOf({ ...settings, lanes: 5, rateLimit: { requests: 2, perSeconds: 10 } })).toBe(2);
  expect(inFlightOf({ ...settings, lanes: 5, rateLimit: { requests: 1, perSeconds: 30 } })).toBe(1);
  expect(inFlightOf({ ...settings, lanes: 5 })).toBe(5);
});
