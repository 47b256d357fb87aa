// Suspected poison messages of one batch, through the deployed function: all of them are worked on, each alone, and a death
// is charged to the message that was being worked on and to no other.
import { describe, expect, test } from 'vitest';
import { createBatches } from '#test/support/deliver-batches.ts';
import { URLS } from '#test/support/environment.ts';

const TEN = Array.from({ length: 10 }, (_, index) => `s${index + 1}`);

describe('ten lanes whose messages came three times', () => {
  test('are all delivered by one batch, one after the other, with one call about visibility', async () => {
    const set = createBatches(TEN);
    const records = set.receiveAgain(2);
    expect(await set.deliver(records)).toEqual([]);
    expect(set.posts).toHaveLength(10);
    expect(set.mostOpen()).toBe(1);
    expect(set.memory.calls.get('hide')).toBe(1);
    expect(set.memory.left(URLS.deliveries)).toBe(0);
    expect(set.starts()).toEqual({});
  });

  test('wait no longer than a slice for slow callbacks: the others go back together, for another invocation', async () => {
    const set = createBatches(TEN);
    for (const [index, id] of TEN.entries()) set.answers.set(`${id}-${index + 1}`, { takesMs: 2_000 });
    const records = set.receiveAgain(2);
    expect(await set.deliver(records)).toHaveLength(7);
    expect(set.posts).toHaveLength(3);
    expect(set.memory.calls.get('hide')).toBe(2);
    for (const { visibleAt } of set.memory.stored(URLS.deliveries)) expect(visibleAt - set.now()).toBe(1_000);
    expect(set.starts()).toEqual({});
  });

  test('each count their own start before the request, and take it back after any end', async () => {
    const set = createBatches(TEN);
    const records = set.receiveAgain(2);
    await set.deliver(records);
    expect(set.startsAtRequests).toEqual(records.map(({ messageId }) => ({ [messageId]: 1 })));
    expect(set.starts()).toEqual({});
  });
});

test('one lane of ten such messages is delivered whole, in order', async () => {
  const set = createBatches(Array.from({ length: 10 }, () => 'acme'));
  expect(await set.deliver(set.receiveAgain(2))).toEqual([]);
  expect(set.posts).toEqual(Array.from({ length: 10 }, (_, index) => `acme-${index + 1}`));
  expect(set.mostOpen()).toBe(1);
});

test('what follows a suspect in its lane is delivered behind it, uncounted', async () => {
  const set = createBatches(['acme']);
  set.receiveAgain(1);
  set.pass(400_000);
  set.enqueue('acme', 'fresh');
  expect(await set.deliver(set.receiveAgain(0))).toEqual([]);
  expect(set.posts).toEqual(['acme-1', 'fresh']);
});

describe.each(['at-least-once', 'at-most-once'])('a death in the fourth suspect (%s)', (qos) => {
  async function dieInTheFourth() {
    const set = createBatches(TEN, { qos });
    set.answers.set('s4-4', { kill: true });
    const records = set.receiveAgain(2);
    expect(await set.deliver(records)).toBeUndefined();
    return { set, records };
  }

  test('is charged to it alone; the three before it are done for good', async () => {
    const { set, records } = await dieInTheFourth();
    expect(set.posts).toEqual(['s1-1', 's2-2', 's3-3', 's4-4']);
    expect(set.starts()).toEqual({ [records[3]?.messageId ?? '']: 1 });
    expect(set.memory.left(URLS.deliveries)).toBe(7);
  });

  test('makes it the last of the next batch: the others are delivered before it', async () => {
    const { set } = await dieInTheFourth();
    set.pass(400_000);
    // Under at-most-once its claim keeps it from being sent a second time.
    const answer = await set.deliver(set.receiveAgain(0));
    expect(answer).toEqual(qos === 'at-most-once' ? [] : undefined);
    expect(set.posts.slice(4, 10)).toEqual(['s5-5', 's6-6', 's7-7', 's8-8', 's9-9', 's10-10']);
    expect(set.memory.left(URLS.deliveries)).toBe(qos === 'at-most-once' ? 0 : 1);
  });
});

test('after three deaths a dead letter is written, and the others never waited for more than one of them', async () => {
  const set = createBatches(TEN, { dlq: true });
  set.answers.set('s1-1', { kill: true });
  set.receiveAgain(1);
  for (let death = 1; death <= 3; death += 1) {
    set.pass(400_000);
    expect(await set.deliver(set.receiveAgain(0))).toBeUndefined();
    expect(Object.values(set.starts())).toEqual([death]);
    expect(set.posts.filter((id) => id !== 's1-1')).toHaveLength(death === 1 ? 0 : 9);
  }
  set.pass(400_000);
  expect(await set.deliver(set.receiveAgain(0))).toEqual([]);
  expect(set.posts.filter((id) => id === 's1-1')).toHaveLength(3);
  expect(set.memory.taken(URLS.deadLetters).map(({ body }) => body)).toEqual(['{"n":1}']);
  expect(set.starts()).toEqual({});
  expect(set.memory.left(URLS.deliveries)).toBe(0);
});

describe('deaths that were counted', () => {
  test('are not forgotten by a start for which no time was left', async () => {
    const set = createBatches(['acme']);
    const records = set.receiveAgain(2);
    set.tables.put('state', { pk: `start#${records[0]?.messageId}`, sk: 'deliver', starts: 2 });
    expect(await set.deliver(records, 6_000)).toHaveLength(1);
    expect(set.posts).toEqual([]);
    expect(Object.values(set.starts())).toEqual([2]);
  });
});

describe('DynamoDB fails', () => {
  test('at the reading of the starts: all go back, for longer with each receive, and nothing is sent', async () => {
    const set = createBatches(TEN);
    const records = set.receiveAgain(2);
    let reads = 0;
    set.tables.faults.call = ({ command }) => {
      if (command !== 'BatchGet') return undefined;
      reads += 1;
      return reads > 1 ? 'fail' : undefined;
    };
    expect(await set.deliver(records)).toHaveLength(10);
    expect(set.posts).toEqual([]);
    for (const { visibleAt } of set.memory.stored(URLS.deliveries))
      expect(visibleAt - set.now()).toBe(20_000);
    expect(set.memory.calls.get('hide')).toBe(2);
  });

  test.each(['fail', 'lose'] as const)(
    'at one start (%s): that one goes back unsent, the others are delivered',
    async (fate) => {
      const set = createBatches(TEN);
      const records = set.receiveAgain(2);
      let counted = 0;
      set.tables.faults.call = ({ command }) => {
        if (command !== 'Update') return undefined;
        counted += 1;
        return counted === 4 ? fate : undefined;
      };
      expect(await set.deliver(records)).toEqual([records[3]?.messageId]);
      expect(set.posts).toHaveLength(9);
      expect(set.posts).not.toContain('s4-4');
      expect(set.starts()).toEqual({});
    },
  );

  test.each([
    ['Delete', 0],
    ['Update', 1],
  ])(
    'when a start is taken back (%s): it is taken back later, and no death is counted',
    async (writes, before) => {
      const set = createBatches(['acme']);
      const records = set.receiveAgain(2);
      if (before > 0)
        set.tables.put('state', { pk: `start#${records[0]?.messageId}`, sk: 'deliver', starts: before });
      // It stays in the queue where a count is left.
      if (before > 0) set.answers.set('acme-1', { localFault: true });
      let failed = 0;
      set.tables.faults.call = ({ command }) => {
        if (command !== writes || set.posts.length === 0 || failed === 3) return undefined;
        failed += 1;
        return 'fail';
      };
      await set.deliver(records);
      expect(failed).toBe(3);
      expect(Object.values(set.starts())).toEqual(before === 0 ? [] : [before]);
    },
  );
});
