// A command that is too long for one invocation stops before the timeout and continues in another invocation.

import { expect, test } from 'vitest';
import { obey } from '#lib/deliver/command.ts';
import type { MoveCommand } from '#lib/deliver/move-lane.ts';
import type { Command, Token } from '#lib/message/token.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { entryOf, firstEntries, putEntries } from '#lib/state/entries.ts';
import { NO_STATE } from '#lib/state/state.ts';
import { LIMITS } from '#test/support/limits.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import { createMemoryQueues } from '#test/support/memory-queues.ts';
import { URLS } from '#test/support/world.ts';

const delivery = (messageId: string) => ({
  subscription: 'acme',
  messageId,
  contentType: 'text/plain',
  headers: {},
  publishedAt: 0,
  attempt: 1,
  sends: 0,
});

/** A lane with forty entries, in a world where every call to SQS takes half a second. */
async function setUp() {
  let now = 1_000_000;
  const memory = createMemoryQueues({ now: () => now });
  memory.faults.call = (operation) => {
    if (operation === 'send') now += 500;
    return undefined;
  };
  const log = { info() {}, warn() {}, error() {} };
  const deps = {
    ...tablesOver(createMemoryDocuments().documents),
    ...LIMITS,
    queues: createQueues(memory.sqs),
    deliveriesQueueUrl: URLS.deliveries,
    retriesQueueUrl: URLS.retries,
    deadLettersQueueUrl: URLS.deadLetters,
    undeliverableQueueUrl: URLS.undeliverable,
    announce: async () => {},
    announceDeadLetter: async () => {},
    count() {},
    log,
    now: () => now,
    random: () => 0,
    wait: async () => {},
  };
  const entries = Array.from({ length: 40 }, (_, index) =>
    entryOf({ delivery: delivery(`m${index}`), body: `m${index}`, sequence: String(index + 1) }, 0),
  );
  await putEntries('acme', 0, entries, deps);
  const registration = { id: 'acme', config: { kind: 'absent' }, state: NO_STATE } as const;
  return {
    memory,
    now: () => now,
    left: async () => (await firstEntries('acme', 0, 100, deps)).length,
    do: (command: Exclude<Command, MoveCommand>, drain: number, remainingMs: number) => {
      const token: Token = { subscription: 'acme', lane: 0, drain, command };
      return obey(command, token, { ...registration }, { endsAt: now + remainingMs }, deps);
    },
  };
}

test.each([{ do: 'purge' } as const, { do: 'expire', before: 1 } as const])(
  '$do ends before the invocation does, not only after its slice, and its successor does the rest',
  async (command) => {
    const world = await setUp();
    const startedAt = world.now();
    await world.do(command, 0, 7_000);
    // Five seconds before the end nothing more is begun; what was under way may end, and the successor is sent.
    expect(world.now() - startedAt).toBeLessThanOrEqual(3_500);
    const done = world.memory.taken(URLS.undeliverable).length;
    expect(done).toBeGreaterThan(0);
    expect(await world.left()).toBe(40 - done);
    expect(world.memory.taken(URLS.deliveries)).toHaveLength(1);
    for (let drain = 1; (await world.left()) > 0; drain++) await world.do(command, drain, 60_000);
    expect(world.memory.taken(URLS.undeliverable).map(({ body }) => body)).toEqual(
      Array.from({ length: 40 }, (_, index) => `m${index}`),
    );
    expect(world.memory.swallowed()).toBe(0);
  },
);
