// Config and state items that can't be read: each ends in a named state that says why, and holds up nobody else.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodiesOf, ENDPOINT, QUEUES, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

describe('an invalid item pauses its subscription with the path and the reason of each fault', () => {
  test.each([
    { what: 'no callbackUrl', change: { configuration: {} }, says: ['configuration.callbackUrl: '] },
    { what: 'no configuration', change: { configuration: undefined }, says: ['configuration'] },
    { what: 'a configuration that is text', change: { configuration: 'text' }, says: ['configuration: '] },
    { what: 'an unknown field', change: { qso: 'auto' }, says: ['qso: '] },
    { what: 'an unknown QoS', change: { qos: 'exactly-once' }, says: ['qos: '] },
    { what: 'a QoS of another type', change: { qos: 1 }, says: ['qos: '] },
    {
      what: 'a URL that is none',
      configuration: { callbackUrl: 'hook' },
      says: ['configuration.callbackUrl: '],
    },
    {
      what: 'a URL of another kind',
      configuration: { callbackUrl: 'ftp://example.com/' },
      says: ['configuration.callbackUrl: '],
    },
    {
      what: 'a private address',
      configuration: { callbackUrl: 'https://10.0.0.1/' },
      says: ['configuration.callbackUrl: '],
    },
    {
      what: 'the metadata address',
      configuration: { callbackUrl: 'http://169.254.169.254/' },
      says: ['configuration.callbackUrl: '],
    },
    {
      what: 'numbers out of range',
      configuration: { readTimeout: 30_001, maxConcurrentConnections: 21, connectTimeout: 0 },
      says: [
        'configuration.readTimeout: ',
        'configuration.maxConcurrentConnections: ',
        'configuration.connectTimeout: ',
      ],
    },
    {
      what: 'a header nobody may set, and one with a line break',
      configuration: {
        headers: [
          { name: 'Host', value: 'x' },
          { name: 'x', value: 'a\r\nb' },
        ],
      },
      says: ['configuration.headers.0.name: ', 'configuration.headers.1.value: '],
    },
    { what: 'a dlq without an endpoint', change: { dlq: {} }, says: ['dlq.endpoint: '] },
    {
      what: 'at-least-once that would lose what fails',
      change: { qos: 'at-least-once' },
      configuration: { interruptConsumptionOnServerError: false },
      says: ['configuration.interruptConsumptionOnServerError: '],
    },
  ] as { what: string; change?: object; configuration?: object; says: string[] }[])(
    '$what',
    async ({ change = {}, configuration = {}, says }) => {
      const one = await rig.subscribe();
      const mate = await rig.subscribe({ topic: one.topic });
      const right = one.item;
      const { configuration: ours } = one.item;
      const wrong = { ...one.item, configuration: { ...ours, ...configuration }, ...change };
      await rig.set.putSubscription(
        Object.fromEntries(Object.entries(wrong).filter(([, value]) => value !== undefined)),
      );
      await rig.whilePaused(QUEUES.deliveries, () => one.publish('waits'));
      expect(bodiesOf(await mate.requests(1))).toEqual(['waits']);
      const pause = await rig.paused(one.id, 'invalid-config');
      for (const words of says) expect(pause.detail).toContain(words);
      expect(pause).not.toHaveProperty('resumeAt');
      expect(one.received()).toEqual([]);
      // Put right, it goes on with what it had.
      await rig.set.putSubscription(right);
      await rig.pass(31);
      expect(bodiesOf(await one.requests(1))).toEqual(['waits']);
      await rig.going(one.id);
      expect(rig.refused()).toEqual([]);
    },
  );

  test('no value of the item is written into the state or a log', async () => {
    const one = await rig.subscribe();
    const { configuration: ours } = one.item;
    await rig.set.putSubscription({
      ...one.item,
      configuration: {
        ...ours,
        callbackUrl: 'https://user:s3cr3t-url@example.com/s3cr3t-path',
        headers: [{ name: 'x\n', value: 's3cr3t-header\n' }],
        auth: { type: 'basic', basic: { username: 1, password: 's3cr3t-password' } },
        's3cr3t-ish': 's3cr3t-value',
      },
    });
    await one.publish('x');
    const pause = await rig.paused(one.id, 'invalid-config');
    expect(JSON.stringify(pause)).not.toMatch(/s3cr3t-(url|path|header|password|value)/);
    expect(rig.set.lines.join('\n')).not.toMatch(/s3cr3t-(url|path|header|password|value)/);
  });

  test("another fault in a paused subscription's item replaces the reason", async () => {
    const one = await rig.subscribe();
    await rig.set.putSubscription({ ...one.item, qos: 'sometimes' });
    await one.publish('x');
    expect((await rig.paused(one.id, 'invalid-config')).detail).toContain('qos: ');
    await rig.set.putSubscription({ ...one.item, dlq: 'text' });
    await rig.pass(31);
    await rig.until(
      async () => String((await rig.pauseOf(one.id))?.detail).includes('dlq: ') || undefined,
      'the new reason',
    );
    expect(one.received()).toEqual([]);
    await rig.set.putSubscription(one.item);
    await rig.pass(31);
    expect(bodiesOf(await one.requests(1))).toEqual(['x']);
  });

  test.each([
    ['with spaces', 'a b'],
    ['beyond ASCII', 'ä'],
    ['too long', 'x'.repeat(129)],
    ['longer than any key of the state', '#'.repeat(900)],
  ])('an id that can not be (%s) holds up nobody of its batch', async (what, id) => {
    const mate = await rig.subscribe({ topic: `ids ${what}` });
    await rig.set.putSubscription({ ...mate.item, id });
    await rig.whilePaused(QUEUES.deliveries, async () => {
      await mate.publish('x');
      await rig.emptied(QUEUES.messages);
    });
    expect(bodiesOf(await mate.requests(1, 4_000))).toEqual(['x']);
  });

  test('messages keep their order while an item is invalid and after it is corrected', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    await rig.set.putSubscription({ ...one.item, qos: 'at-last-once' });
    await one.publishAll(['a', 'b', 'c'], 'right');
    await rig.paused(one.id, 'invalid-config');
    await rig.set.putSubscription(one.item);
    await rig.pass(31);
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'b', 'c']);
  });
});

describe('a missing or invalid endpoint pauses the subscriptions that name it', () => {
  const put = (name: string, more: object = {}) => rig.set.putEndpoint({ name, ...ENDPOINT, ...more });

  test('missing: the reason names the field; a put of the endpoint resumes the subscription with its backlog', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    await rig.set.putSubscription({ ...one.item, dlq: { endpoint: 'missing' } });
    await one.publishAll(['a', 'b'], one.id);
    const pause = await rig.paused(one.id, 'invalid-config');
    expect(pause.detail).toBe(
      'dlq.endpoint: names an endpoint that does not exist: put its item into the table of endpoints, or name another',
    );
    expect(one.received()).toEqual([]);
    await put('missing');
    await rig.pass(31);
    expect(bodiesOf(await one.requests(2))).toEqual(['a', 'b']);
  });

  test('invalid: the reason lists its faults; the next message after the correction is delivered', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once', dlq: 'wrong' });
    await put('wrong', { configuration: { queueUrl: 'https://user:s3cr3t@example.com' } });
    await one.publish('a', { group: one.id });
    const pause = await rig.paused(one.id, 'invalid-config');
    expect(pause.detail).toContain('dlq.endpoint: names an endpoint whose item is invalid');
    expect(pause.detail).toContain('configuration.queueUrl: ');
    expect(JSON.stringify(pause)).not.toContain('s3cr3t');
    await put('wrong');
    await one.publish('b', { group: one.id });
    expect(bodiesOf(await one.requests(2))).toEqual(['a', 'b']);
  });

  test('removed: no more requests go out, although the function has just read it', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once', dlq: 'removed' });
    await one.publish('before', { group: one.id });
    await one.requests(1);
    await rig.set.removeEndpoint('removed');
    await one.publish('after', { group: one.id });
    await rig.paused(one.id, 'invalid-config');
    expect(bodiesOf(one.received())).toEqual(['before']);
    await put('removed');
    await rig.pass(31);
    expect(bodiesOf(await one.requests(2))).toEqual(['before', 'after']);
  });

  test('the endpoint undeliverable needs no item', async () => {
    const one = await rig.subscribe({ dlq: 'undeliverable' });
    rig.receiver.answer(one.path, [{ status: 400 }]);
    await one.publish('a');
    expect(await rig.letters(one.id, 1)).toMatchObject([{ endpoint: 'undeliverable', body: 'a' }]);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  });
});

describe('a state item that the functions did not write', () => {
  test.each([
    { what: 'without an epoch', state: {} },
    { what: 'of other types', state: { epoch: 'one', pause: true } },
    { what: 'with an unknown reason', state: { epoch: 3, pause: { reason: 'tired', since: 1, detail: '' } } },
    { what: 'that is all text', state: { epoch: '1', lanes: 'all' } },
  ])('$what holds up its own subscription only, until it is gone', async ({ state }) => {
    const one = await rig.subscribe({ qos: 'at-most-once' });
    const mate = await rig.subscribe();
    await rig.putState(one.id, state);
    await rig.whilePaused(QUEUES.deliveries, async () => {
      await rig.deliver('own', { subscription: one.id });
      await rig.deliver('first', { subscription: mate.id });
    });
    await rig.until(
      () =>
        rig.set.lines.find(
          (line) => line.includes('delivery.interrupted') && line.includes('UnreadableState'),
        ),
      'a line about it',
    );
    expect(bodiesOf(await mate.requests(1))).toEqual(['first']);
    await rig.pass(61);
    await rig.deliver('second', { subscription: mate.id });
    await mate.requests(2);
    expect(one.received()).toEqual([]);
    await rig.putState(one.id, { version: 1, epoch: 1, lanes: {}, drains: 0 });
    await rig.pass(61);
    expect(bodiesOf(await one.requests(1))).toEqual(['own']);
  });
});
