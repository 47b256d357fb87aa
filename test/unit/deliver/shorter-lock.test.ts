// The lock of a lane with a rate: its messages are invisible for one slice and its last request, and no longer.
import { expect, test } from 'vitest';
import type { Queued } from '#lib/deliver/queued.ts';
import { shortenLock } from '#lib/deliver/shorter-lock.ts';
import type { Registration } from '#lib/state/registration.ts';
import { subscriptionOf } from '#test/support/subscription-items.ts';

const NOW = 1_000_000;

function world(more: Readonly<Record<string, unknown>>) {
  const hidden: { receiptHandle: string; seconds: number }[] = [];
  const subscription = subscriptionOf({
    id: 'paced',
    configuration: { callbackUrl: 'https://hooks.example.com/in', http: { readTimeout: 4_000 } },
    ...more,
  });
  const registrations = new Map([
    ['paced', { id: 'paced', config: { kind: 'valid', subscription } } as unknown as Registration],
  ]);
  const lane = ['a', 'b'].map(
    (receiptHandle) =>
      ({
        record: { receiptHandle },
        message: { ok: true, value: { kind: 'token', value: { subscription: 'paced' } } },
      }) as unknown as Queued,
  );
  const deps = {
    deliveriesQueueUrl: 'deliveries',
    sliceMs: 5_000,
    now: () => NOW,
    queues: {
      async hide(_: string, entries: readonly { receiptHandle: string; seconds: number }[]) {
        hidden.push(...entries);
        return entries.map(() => 'ServiceUnavailable');
      },
    },
  };
  return { hidden, lane, registrations, deps };
}

test('every message of the lane is hidden for the slice, a request and the reserve; the work ends before, also when SQS fails', async () => {
  const { hidden, lane, registrations, deps } = world({ rateLimit: { requests: 1, perSeconds: 1 } });
  const bounds = await shortenLock(lane, registrations, { endsAt: NOW + 60_000, suspicious: true }, deps);
  expect(hidden).toEqual([
    { receiptHandle: 'a', seconds: 19 },
    { receiptHandle: 'b', seconds: 19 },
  ]);
  // A request that starts in the slice may take its whole time and is over before the lock is.
  expect(bounds).toEqual({ endsAt: NOW + 14_000, suspicious: true });
});

test('a lane without a rate keeps its lock, and an invocation that ends sooner its end', async () => {
  const plain = world({});
  const bounds = { endsAt: NOW + 60_000 };
  expect(await shortenLock(plain.lane, plain.registrations, bounds, plain.deps)).toBe(bounds);
  const paced = world({ rateLimit: { requests: 1, perSeconds: 1 } });
  const soon = { endsAt: NOW + 10_000 };
  expect(await shortenLock(paced.lane, paced.registrations, soon, paced.deps)).toBe(soon);
  expect([...plain.hidden, ...paced.hidden]).toEqual([]);
});
