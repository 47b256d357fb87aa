import { describe, expect, test, vi } from 'vitest';
import { ONE_LANE } from '#lib/message/lane-layout.ts';
import { createDirectory } from '#lib/subscription/directory.ts';
import { unordered } from '#test/support/lanes.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import { subscriptionItem } from '#test/support/route-world.ts';

function open({ pageSize = 2 } = {}) {
  const tables = createMemoryDocuments({ pageSize });
  let time = 0;
  const { documents } = tables;
  const directory = createDirectory({
    ...tablesOver(documents),
    now: () => time,
    cacheMs: 5_000,
  });
  return {
    ...tables,
    directory,
    advance(ms: number): void {
      time += ms;
    },
    register: (id: string, more: Record<string, unknown> = {}) =>
      tables.put('subscriptions', subscriptionItem(id, more)),
    idsOf: async (topic: string) => (await directory.ofTopic(topic)).map(({ id }) => id),
  };
}

describe('the subscriptions of a topic', () => {
  test('are all of them, page after page, in the order of their ids', async () => {
    const { idsOf, register, calls } = open();
    for (const id of ['d', 'b', 'a', 'c']) register(id);
    register('x', { topic: 'bills' });
    register('y', { topic: undefined });
    expect(await idsOf('orders')).toEqual(['a', 'b', 'c', 'd']);
    // Three pages of the topic, and one of those that name no single topic.
    expect(calls.get('Query')).toBe(3 + 1);
  });

  test('have as many lanes as their quality of service and their cap say', async () => {
    const { directory, register, put } = open();
    const http = (maxConcurrentConnections: number) => ({
      configuration: { callbackUrl: 'https://hooks.example.com/', http: { maxConcurrentConnections } },
    });
    register('auto', { qos: 'auto' });
    register('capped', { qos: 'none', ...http(3) });
    register('ordered', { qos: 'at-most-once', ...http(3) });
    register('keyed', { qos: 'at-least-once', order: 'key', ...http(20) });
    register('keyed-wrongly', { qos: 'at-least-once', order: 'keys', ...http(20) });
    register('keyed-unordered', { qos: 'auto', order: 'key', ...http(4) });
    register('keyed-unknown', { qos: 'twice', order: 'key', ...http(4) });
    register('unknown', { qos: 'twice', ...http(4) });
    put('subscriptions', { id: 'broken', topic: 'orders', qos: 'auto', configuration: { http: [] } });
    expect(await directory.ofTopic('orders')).toEqual([
      { id: 'auto', lanes: unordered(5) },
      { id: 'broken', lanes: unordered(5) },
      { id: 'capped', lanes: unordered(3) },
      { id: 'keyed', lanes: { requests: 20, several: false, byKey: true } },
      // A wrong `qos` leaves the messages of a key in their lane.
      { id: 'keyed-unknown', lanes: { requests: 4, several: false, byKey: true } },
      { id: 'keyed-unordered', lanes: { requests: 4, several: false, byKey: true } },
      { id: 'keyed-wrongly', lanes: ONE_LANE },
      { id: 'ordered', lanes: ONE_LANE },
      { id: 'unknown', lanes: ONE_LANE },
    ]);
  });

  test('are read by the attributes that decide on their lanes, whatever else is in their items', async () => {
    const { directory, register, documents } = open({ pageSize: 100 });
    const reading = vi.spyOn(documents, 'send');
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, 'x']));
    const url = { callbackUrl: 'https://hooks.example.com/' };
    register('a', { qos: 'auto', ...many });
    register('b', {
      qos: 'auto',
      configuration: { ...url, ...many, http: { maxConcurrentConnections: 3, ...many } },
    });
    register('c', { qos: 'auto', entrypointConfiguration: { ...url, maxConcurrentConnections: 4, ...many } });
    register('d', { qos: many });
    register('e', { qos: 'auto', configuration: { ...url, http: { maxConcurrentConnections: many } } });
    register('f', { qos: 'auto', configuration: many });
    expect(await directory.ofTopic('orders')).toEqual([
      { id: 'a', lanes: unordered(5) },
      { id: 'b', lanes: unordered(3) },
      { id: 'c', lanes: unordered(4) },
      // An attribute of another type can't be read, and is not.
      { id: 'd', lanes: ONE_LANE },
      { id: 'e', lanes: ONE_LANE },
      { id: 'f', lanes: unordered(5) },
    ]);
    const answers = JSON.stringify(await Promise.all(reading.mock.results.map(({ value }) => value)));
    expect(answers.length).toBeLessThan(1_000);
  });

  test('are kept for five seconds, and read anew after', async () => {
    const { idsOf, register, advance, calls } = open();
    expect(await idsOf('orders')).toEqual([]);
    register('a');
    advance(4_999);
    expect(await idsOf('orders')).toEqual([]);
    advance(1);
    expect(await idsOf('orders')).toEqual(['a']);
    // The topic, and those that name no single topic, twice each.
    expect(calls.get('Query')).toBe(2 + 2);
  });

  test('are read once for all who ask at the same time, however long the read takes', async () => {
    const { idsOf, register, advance, calls } = open();
    register('a');
    const first = idsOf('orders');
    advance(60_000);
    const second = idsOf('orders');
    expect(await Promise.all([first, second, idsOf('bills')])).toEqual([['a'], ['a'], []]);
    expect(calls.get('Query')).toBe(2 + 1);
    // That answer was a minute old when it came.
    await idsOf('orders');
    expect(calls.get('Query')).toBe(3 + 2);
  });

  test('are asked for again when a read has failed; those who waited are all told', async () => {
    const { directory, idsOf, register, faults } = open();
    register('a');
    faults.call = () => 'fail';
    const both = await Promise.allSettled([directory.ofTopic('orders'), directory.ofTopic('orders')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    faults.call = undefined;
    expect(await idsOf('orders')).toEqual(['a']);
  });

  test('a failure on a later page is a failure: half a list would be a loss', async () => {
    const { directory, register, faults } = open();
    for (const id of ['a', 'b', 'c']) register(id);
    let calls = 0;
    faults.call = () => (++calls === 2 ? 'fail' : undefined);
    await expect(directory.ofTopic('orders')).rejects.toThrow('A fault was ordered');
  });
});

describe('one subscription', () => {
  test('is found by its id, with its lanes, and kept', async () => {
    const { directory, register, calls } = open();
    register('a', { topic: undefined, qos: 'auto' });
    expect(await directory.byId('a')).toEqual({ id: 'a', lanes: unordered(5) });
    expect(await directory.byId('a')).toEqual({ id: 'a', lanes: unordered(5) });
    expect(calls.get('Get')).toBe(1);
  });

  test('that is not there may be the next moment: its absence is not kept', async () => {
    const { directory, register } = open();
    expect(await directory.byId('a')).toBeUndefined();
    register('a');
    expect(await directory.byId('a')).toEqual({ id: 'a', lanes: ONE_LANE });
  });
});

test('a thousand answers are kept; the oldest goes first', async () => {
  const { directory, calls } = open();
  for (let n = 0; n <= 1_000; n++) await directory.ofTopic(`t${n}`);
  // One more query than topics: of the subscriptions that name no single topic, kept apart.
  expect(calls.get('Query')).toBe(1_002);
  await directory.ofTopic('t1000');
  await directory.ofTopic('t1');
  expect(calls.get('Query')).toBe(1_002);
  await directory.ofTopic('t0');
  expect(calls.get('Query')).toBe(1_003);
});

describe('a subscription to several topics', () => {
  const wide = (...topics: string[]) => ({ topic: '*', topics });

  test('gets each of them, once, in the order of ids among the others', async () => {
    const { idsOf, register } = open();
    register('a', wide('orders', 'bills', 'ord*'));
    register('b');
    register('c', wide('bills'));
    register('d', { topic: '*' });
    expect(await idsOf('orders')).toEqual(['a', 'b', 'd']);
    expect(await idsOf('bills')).toEqual(['a', 'c', 'd']);
    expect(await idsOf('order')).toEqual(['a', 'd']);
    expect(await idsOf('other')).toEqual(['d']);
  });

  test('by a beginning gets what begins so, and not the beginning without its end', async () => {
    const { idsOf, register } = open();
    register('a', wide('order.*'));
    expect(await idsOf('order.created')).toEqual(['a']);
    expect(await idsOf('order.')).toEqual(['a']);
    for (const other of ['order', 'orders', 'ORDER.created', 'my.order.created'])
      expect(await idsOf(other)).toEqual([]);
  });

  test('does not get the topic * that it does not name', async () => {
    const { idsOf, register } = open();
    register('a', wide('orders'));
    register('b', { topic: '*' });
    expect(await idsOf('*')).toEqual(['b']);
  });

  test('costs one query for all topics of five seconds', async () => {
    const { idsOf, register, calls } = open({ pageSize: 100 });
    register('a', { topic: '*' });
    for (const topic of ['x', 'y', 'z']) expect(await idsOf(topic)).toEqual(['a']);
    expect(calls.get('Query')).toBe(3 + 1);
  });

  test('whose topics can not be read gets all: its messages wait until the item is right', async () => {
    const { idsOf, register } = open();
    register('a', { topic: '*', topics: 'orders' });
    register('b', wide('or*ders'));
    expect(await idsOf('bills')).toEqual(['a', 'b']);
  });
});

describe('a filter', () => {
  test('comes with its subscription, and a wrong one as none', async () => {
    const { directory, register } = open({ pageSize: 100 });
    register('a', { filter: { body: { kind: ['paid'] } } });
    register('b', { filter: { body: { kind: 'paid' } } });
    register('c');
    const listed = await directory.ofTopic('orders');
    expect(listed.map(({ id, filter }) => [id, filter !== undefined])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ]);
  });

  describe('that is too large', () => {
    const LARGE = { body: { id: Array.from({ length: 501 }, (_, n) => `an-id-of-some-length-${n}`) } };
    const PAID = { body: { kind: ['paid'] } };

    function openBeside(options: { pageSize?: number } = {}) {
      const opened = open(options);
      const reading = vi.spyOn(opened.documents, 'send');
      /** Who gets the messages of the topic that no filter accepts, and what it costs to know it. */
      const read = async (topic = 'orders') => {
        const before = reading.mock.results.length;
        const listed = await opened.directory.ofTopic(topic);
        const answers = await Promise.all(reading.mock.results.slice(before).map(({ value }) => value));
        return {
          unfiltered: listed.flatMap(({ id, filter }) => (filter === undefined ? [id] : [])),
          filtered: listed.flatMap(({ id, filter }) => (filter === undefined ? [] : [id])),
          calls: answers.length,
          isLarge: JSON.stringify(answers).length > 10_000,
        };
      };
      return { ...opened, read };
    }

    test('is read once a minute, and the filters beside it every time', async () => {
      const { read, register, advance } = openBeside({ pageSize: 100 });
      for (const id of ['a', 'c', 'd']) register(id, { filter: PAID });
      register('b', { filter: LARGE });
      register('e');
      const beside = { unfiltered: ['b', 'e'], filtered: ['a', 'c', 'd'] };
      // The topic, and those that name no single topic.
      expect(await read()).toEqual({ ...beside, calls: 1 + 1, isLarge: true });
      for (let n = 0; n < 11; n++) {
        advance(5_000);
        // What is before it, what is behind it, and itself.
        expect(await read()).toEqual({ ...beside, calls: 3 + 1, isLarge: false });
      }
      advance(5_000);
      expect(await read()).toEqual({ ...beside, calls: 1 + 1, isLarge: true });
      register('b', { filter: PAID });
      advance(60_000);
      const corrected = { unfiltered: ['e'], filtered: ['a', 'b', 'c', 'd'] };
      expect(await read()).toEqual({ ...corrected, calls: 1 + 1, isLarge: false });
    });

    test('beside others, over several pages, costs two calls more than there are of them', async () => {
      const { read, register, advance } = openBeside({ pageSize: 4 });
      const all = Array.from({ length: 26 }, (_, n) => String.fromCharCode(97 + n));
      const large = ['a', 'h', 'i', 'q', 'z'];
      const others = all.filter((id) => !large.includes(id));
      for (const id of large) register(id, { filter: LARGE });
      for (const id of others) register(id, { filter: PAID });
      expect(await read()).toEqual({ unfiltered: large, filtered: others, calls: 7 + 1, isLarge: true });
      advance(5_000);
      // None; b to g; none; j to p; r to y, whose second page is full; none. All from a to z have seven pages.
      const calls = 1 + 2 + 1 + 2 + 3 + 1 + 7 + 1;
      expect(await read()).toEqual({ unfiltered: large, filtered: others, calls, isLarge: false });
    });

    test('with hundreds of others costs no more than 22 calls, and no filter of those outside', async () => {
      const { read, register, advance } = openBeside({ pageSize: 1_000 });
      const large = Array.from({ length: 400 }, (_, n) => `of-one-tenant-${1_000 + n}`);
      const others = ['a', 'b', 'x', 'y'];
      for (const id of large) register(id, { filter: LARGE });
      for (const id of others) register(id, { filter: PAID });
      const beside = { unfiltered: large, filtered: others };
      expect(await read()).toMatchObject({ ...beside, isLarge: true });
      advance(5_000);
      // 20 parts around 19 groups, all of the groups in one, and those that name no single topic.
      expect(await read()).toMatchObject({ ...beside, calls: 20 + 1 + 1 });
    });

    test('takes no filter from those of the topic *, nor from other topics', async () => {
      const { read, register, advance } = openBeside({ pageSize: 100 });
      register('a', { topic: '*', filter: LARGE });
      register('b', { topic: '*', topics: Array.from({ length: 501 }, (_, n) => `topic-${n}`) });
      register('c', { topic: '*', topics: ['bills'] });
      register('d', { topic: '*', filter: PAID });
      register('e', { filter: PAID });
      const beside = { unfiltered: ['a', 'b'], filtered: ['d', 'e'] };
      expect(await read()).toMatchObject({ ...beside, isLarge: true });
      advance(5_000);
      expect(await read()).toEqual({ ...beside, calls: 1 + 4, isLarge: false });
      expect(await read('bills')).toMatchObject({ unfiltered: ['a', 'b', 'c'], filtered: ['d'], calls: 1 });
    });

    test('keeps its place among ids that DynamoDB orders differently than JavaScript', async () => {
      const { read, register, advance } = openBeside({ pageSize: 100 });
      for (const id of ['\u{1f600}', '\uffee']) register(id, { filter: LARGE });
      register('a', { filter: PAID });
      const all = await read();
      advance(5_000);
      expect(await read()).toEqual({ ...all, filtered: ['a'], calls: 4 + 1, isLarge: false });
    });

    test('does not hide what is registered, changed or removed beside it', async () => {
      const { read, register, remove, advance } = openBeside({ pageSize: 100 });
      register('a', { filter: PAID });
      register('c', { filter: LARGE });
      await read();
      advance(5_000);
      remove('subscriptions', { id: 'a' });
      register('b', { filter: PAID });
      register('d', { filter: PAID, qos: { wrong: true } });
      // The item with an attribute of another type has its id alone, which one more query reads.
      const ids = ['c', 'd'];
      expect(await read()).toEqual({ unfiltered: ids, filtered: ['b'], calls: 3 + 1 + 1, isLarge: false });
    });
  });
});
