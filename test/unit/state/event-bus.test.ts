// An event that the bus could not take is put again for a short time; what it refuses for good is put once.
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { expect, test } from 'vitest';
import { putOn } from '#lib/state/event-bus.ts';

const EVENT = {
  type: 'subscription.paused',
  detail: {
    subscription: 'acme',
    reason: 'outage',
    detail: undefined,
    code: undefined,
    since: undefined,
    resumeAt: undefined,
    failures: 1,
  },
} as const;

/** A bus that answers with these codes in turn, and takes every event after them. */
function busThat(codes: readonly string[]) {
  let puts = 0;
  let now = 0;
  const client = {
    async send() {
      const ErrorCode = codes[puts];
      puts += 1;
      return ErrorCode === undefined
        ? { FailedEntryCount: 0, Entries: [{ EventId: 'e' }] }
        : { FailedEntryCount: 1, Entries: [{ ErrorCode }] };
    },
  } as unknown as Pick<EventBridgeClient, 'send'>;
  const clock = {
    now: () => now,
    random: () => 1,
    async wait(ms: number) {
      now += ms;
    },
  };
  return { put: putOn('default', client, clock), puts: () => puts, waitedMs: () => now };
}

test.each(['ThrottlingException', 'InternalFailure', 'InternalException'])(
  'an event that the bus could not take (%s) is put again',
  async (code) => {
    const { put, puts } = busThat([code, code]);
    await put(EVENT);
    expect(puts()).toBe(3);
  },
);

test('an event that the bus refuses is put once, and the code is in the error', async () => {
  const { put, puts } = busThat(['AccessDeniedException']);
  await expect(put(EVENT)).rejects.toMatchObject({ name: 'NotTaken', code: 'AccessDeniedException' });
  expect(puts()).toBe(1);
});

test('a pause waits half a second at most for a bus that takes nothing', async () => {
  const { put, puts, waitedMs } = busThat(new Array(100).fill('ThrottlingException'));
  await expect(put(EVENT)).rejects.toMatchObject({ code: 'ThrottlingException' });
  expect(puts()).toBeGreaterThan(3);
  expect(waitedMs()).toBeLessThanOrEqual(500);
});
