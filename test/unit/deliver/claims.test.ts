// Claims of at-most-once while DynamoDB fails: what was never sent must not count as lost.
import { describe, expect, test } from 'vitest';
import { createBatches } from '#test/support/deliver-batches.ts';
import type { DocumentCall } from '#test/support/memory-documents.ts';

type Batches = ReturnType<typeof createBatches>;

/** Lets the first calls of one kind end so, from the claim on. */
function failing({ tables }: Batches, wanted: string, times: number, fate: 'fail' | 'lose'): () => number {
  let failed = 0;
  tables.faults.call = ({ command, table }: DocumentCall) => {
    if (command !== wanted || table !== 'state' || failed === times) return undefined;
    failed += 1;
    return fate;
  };
  return () => failed;
}

const claims = ({ tables }: Batches) =>
  tables.items('state').filter(({ pk }) => String(pk).startsWith('claim#'));
const held = ({ tables }: Batches) =>
  tables.items('state').filter(({ pk }) => String(pk).startsWith('held#'));

describe('a message that was claimed and not sent', () => {
  test('because the answer to its claim was lost, is sent when it comes again', async () => {
    const set = createBatches(['acme'], { qos: 'at-most-once' });
    failing(set, 'Put', 1, 'lose');
    expect(await set.deliver(set.receiveAgain(0))).toHaveLength(1);
    expect([set.posts, claims(set)]).toEqual([[], []]);
    set.pass(400_000);
    expect(await set.deliver(set.receiveAgain(0))).toEqual([]);
    expect(set.posts).toEqual(['acme-1']);
    expect(held(set)).toEqual([]);
  });

  test('because its claim took until too late for the request, is sent when it comes again', async () => {
    let takesMs = 8_000;
    const set = createBatches(['acme'], {
      qos: 'at-most-once',
      async beforeCall(command) {
        if (command === 'PutCommand') set.pass(takesMs);
      },
    });
    // A request may take 10 s, and 5 s are kept for what follows it.
    expect(await set.deliver(set.receiveAgain(0), 16_000)).toHaveLength(1);
    expect([set.posts, claims(set)]).toEqual([[], []]);
    takesMs = 0;
    set.pass(400_000);
    expect(await set.deliver(set.receiveAgain(0), 16_000)).toEqual([]);
    expect([set.posts, held(set)]).toEqual([['acme-1'], []]);
  });

  test('because of this environment, is sent when it comes again, although its claim is taken back late', async () => {
    const set = createBatches(['acme'], { qos: 'at-most-once' });
    set.answers.set('acme-1', { localFault: true });
    const failed = failing(set, 'Delete', 3, 'fail');
    expect(await set.deliver(set.receiveAgain(0))).toHaveLength(1);
    expect([failed(), claims(set)]).toEqual([3, []]);
    set.answers.clear();
    set.pass(400_000);
    expect(await set.deliver(set.receiveAgain(0))).toEqual([]);
    expect(held(set)).toEqual([]);
  });
});

test('the outcome of a message that was sent is written late', async () => {
  const set = createBatches(['acme'], { qos: 'at-most-once', dlq: true });
  set.answers.set('acme-1', { status: 400 });
  const failed = failing(set, 'Update', 3, 'fail');
  expect(await set.deliver(set.receiveAgain(0))).toEqual([]);
  expect(failed()).toBe(3);
  expect(claims(set)).toMatchObject([{ outcome: { kind: 'rejected', status: 400 } }]);
});
