import { expect, test } from 'vitest';
import type { DeadLettered } from '#lib/queue/dead-letters.ts';
import type { Announcement } from '#lib/state/announce.ts';
import { createAnnounceDeadLetter } from '#lib/state/dead-lettering.ts';
import type { LogFields } from '#lib/telemetry/log.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';

const MINUTE = 60_000;
const letter = (more: Partial<DeadLettered> = {}): DeadLettered => ({
  subscription: 'acme',
  endpoint: 'letters',
  reason: 'rejected',
  outcome: 'rejected',
  status: 400,
  ...more,
});

/** Environments over one table and one clock. */
function environments(count: number, put?: () => Promise<unknown>) {
  const clock = { now: 1_700_000_000_000 };
  const memory = createMemoryDocuments({ pageSize: 50 });
  const calls: string[] = [];
  const documents = {
    send(command: never) {
      calls.push((command as object).constructor.name);
      return memory.documents.send(command);
    },
  } as typeof memory.documents;
  const told: Announcement[] = [];
  const lines: { event: string; fields: LogFields }[] = [];
  const log = {
    info() {},
    warn() {},
    error: (event: string, fields: LogFields) => void lines.push({ event, fields }),
  };
  const deps = { ...tablesOver(documents), log, now: () => clock.now };
  const announces = Array.from({ length: count }, () =>
    createAnnounceDeadLetter(async (one) => (put ? await put() : told.push(one)), deps),
  );
  return { clock, calls, told, lines, announces };
}

test('a dead letter is announced with its endpoint, its reason and what was answered', async () => {
  const { told, announces } = environments(1);
  await announces[0]?.(letter());
  await announces[0]?.(
    letter({
      subscription: 'other',
      reason: 'unsent',
      outcome: 'unsent',
      status: undefined,
      code: 'tls-failed',
    }),
  );
  expect(told.map((one) => JSON.parse(JSON.stringify(one)))).toEqual([
    {
      type: 'subscription.dead-lettering',
      detail: {
        subscription: 'acme',
        endpoint: 'letters',
        reason: 'rejected',
        outcome: 'rejected',
        status: 400,
      },
    },
    {
      type: 'subscription.dead-lettering',
      detail: {
        subscription: 'other',
        endpoint: 'letters',
        reason: 'unsent',
        outcome: 'unsent',
        code: 'tls-failed',
      },
    },
  ]);
});

test('a minute of dead letters is one event, over all environments, and each asks the table once', async () => {
  const { clock, calls, told, announces } = environments(3);
  await Promise.all(announces.flatMap((announce) => [announce(letter()), announce(letter())]));
  for (let second = 0; second < 59; second++) {
    clock.now += 1_000;
    for (const announce of announces) await announce(letter());
  }
  expect(told).toHaveLength(1);
  // One reads and writes; the two others read, and may try to write.
  expect(calls.length).toBeLessThanOrEqual(6);
  clock.now += 1_000;
  for (const announce of announces) await announce(letter());
  expect(told).toHaveLength(2);
});

test('between two events of a subscription is at least a minute, whichever environment has dead letters', async () => {
  const { clock, told, announces } = environments(2);
  const at: number[] = [];
  for (let step = 0; step < 60; step++) {
    const before = told.length;
    await announces[step % 2]?.(letter());
    if (told.length > before) at.push(clock.now);
    clock.now += 7_000;
  }
  expect(at.length).toBeGreaterThan(4);
  for (const [index, time] of at.slice(1).entries())
    expect(time - (at[index] ?? 0)).toBeGreaterThanOrEqual(MINUTE);
});

test('what a person asked for is not announced', async () => {
  const { calls, told, announces } = environments(1);
  await announces[0]?.(letter({ reason: 'asked' }));
  expect({ told, calls }).toEqual({ told: [], calls: [] });
});

test('a bus that does not take it is logged, and nothing else', async () => {
  const { lines, announces } = environments(1, () => Promise.reject(new TypeError('no bus')));
  await announces[0]?.(letter());
  expect(lines).toMatchObject([
    { event: 'announcement.not-put', fields: { subscription: 'acme', type: 'subscription.dead-lettering' } },
  ]);
});

test('an environment remembers a bounded number of subscriptions', async () => {
  const { calls, announces } = environments(1);
  for (let index = 0; index <= 1_000; index++) await announces[0]?.(letter({ subscription: `s${index}` }));
  const before = calls.length;
  await announces[0]?.(letter({ subscription: 's1000' }));
  expect(calls.length).toBe(before);
  await announces[0]?.(letter({ subscription: 's0' }));
  expect(calls.length).toBe(before + 1);
});
