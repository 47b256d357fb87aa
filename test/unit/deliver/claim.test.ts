import { describe, expect, test } from 'vitest';
import { type Claimable, closeClaim, takeClaim } from '#lib/deliver/claim.ts';
import type { Delivery } from '#lib/message/attribute.ts';
import { entryOf } from '#lib/state/entries.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import { deliveryOf } from '#test/support/records.ts';

const CLOCK = { now: () => 1_000, random: () => 0, wait: async () => {} };
const FACTS = { epoch: 0, now: 1_000, nonce: 'first' };
const OTHER = { ...FACTS, nonce: 'second' };
const LOST = { kind: 'refused', outcome: { kind: 'unknown', code: 'lost' } };
const DUPLICATE = { kind: 'duplicate' };

/** A copy of one message: as SQS delivers it, or as it lies in the backlog. */
function copyOf(
  sequence: string,
  fields: Partial<Delivery> = {},
  from: 'queue' | 'backlog' = 'queue',
): Claimable {
  const delivery = deliveryOf({ messageId: 'm', ...fields });
  const entry = entryOf({ delivery, body: '{}', sequence }, 1_000);
  return { delivery, sequence, ...(from === 'backlog' && { entry }) };
}

/** What the second copy gets when the first has claimed the message, and its claim has this outcome. */
async function secondAfter(first: Claimable, second: Claimable, outcome?: { kind: 'failed'; status: 503 }) {
  const deps = { ...tablesOver(createMemoryDocuments().documents), claimsLiveSeconds: 60, ...CLOCK };
  const taken = await takeClaim(first, FACTS, deps);
  if (taken.kind !== 'taken') throw new Error('there is another claim');
  if (outcome) await closeClaim(first.delivery, taken, outcome, deps);
  return await takeClaim(second, OTHER, deps);
}

describe('a claim without an outcome', () => {
  test.each([
    ['the same copy, which comes again', copyOf('1'), copyOf('1'), LOST],
    ['the same copy, which was parked since', copyOf('1'), copyOf('1', {}, 'backlog'), LOST],
    ['the same copy, which was moved to another lane', copyOf('1'), copyOf('2', { sends: 1 }), LOST],
    ['a copy that was sent later', copyOf('1'), copyOf('2'), DUPLICATE],
    ['a copy that was sent later and parked', copyOf('1'), copyOf('2', {}, 'backlog'), DUPLICATE],
    ['an older copy than the moved one that was claimed', copyOf('3', { sends: 1 }), copyOf('2'), DUPLICATE],
    ['a second copy of the move', copyOf('3', { sends: 1 }), copyOf('4', { sends: 1 }), DUPLICATE],
    [
      'an entry that both copies were parked as',
      copyOf('1', { place: '7' }),
      copyOf('2', { place: '7' }, 'backlog'),
      LOST,
    ],
    [
      'an entry of a message that was published again',
      copyOf('1', { place: '7' }),
      copyOf('2', { place: '9' }, 'backlog'),
      DUPLICATE,
    ],
    [
      'a copy of the queue with the same place',
      copyOf('1', { place: '7' }),
      copyOf('2', { place: '7' }),
      DUPLICATE,
    ],
  ])('%s', async (_, first, second, expected) => {
    expect(await secondAfter(first, second)).toMatchObject(expected);
  });
});

test('a claim with an outcome tells it to the claimed copy, and to no other: each could become a dead letter', async () => {
  const outcome = { kind: 'failed', status: 503 } as const;
  expect(await secondAfter(copyOf('1'), copyOf('2'), outcome)).toEqual(DUPLICATE);
  expect(await secondAfter(copyOf('1'), copyOf('1'), outcome)).toMatchObject({ kind: 'refused', outcome });
});

test('a replay of the message has a claim of its own', async () => {
  expect(await secondAfter(copyOf('1'), copyOf('2', { replayId: 'r' }))).toMatchObject({ kind: 'taken' });
});

test('a claim of an older version, which names no copy, counts as lost', async () => {
  const memory = createMemoryDocuments();
  const deps = { ...tablesOver(memory.documents), claimsLiveSeconds: 60, ...CLOCK };
  await takeClaim(copyOf('1'), FACTS, deps);
  for (const { copy: _, ...claim } of memory.items('state')) memory.put('state', claim);
  expect(await takeClaim(copyOf('2'), OTHER, deps)).toMatchObject(LOST);
});
