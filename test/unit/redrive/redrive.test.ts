// One call after another over a queue in memory: what is sent, what stays, and what is told.
import { describe, expect, test } from 'vitest';
import { laneCountIn } from '#lib/message/lane-layout.ts';
import { attributeOf, undeliverableAttribute } from '#test/support/letters.ts';
import { createRedriveWorld, START, URLS } from '#test/support/redrive-world.ts';

function worldWith(letters: readonly Parameters<typeof attributeOf>[0][], url: string = URLS.rejected) {
  const world = createRedriveWorld();
  const dlq = url === URLS.rejectedFifo ? 'rejected-fifo' : 'rejected';
  for (const id of ['acme', 'beta']) world.subscribe(id, { dlq });
  world.subscribe('wide', { qos: 'auto', dlq });
  for (const given of letters) {
    const id = given?.messageId ?? 'm1';
    world.memory.put(url, { body: `{"id":"${id}"}`, attributes: attributeOf(given), group: 'g' });
  }
  return world;
}

const numbered = (count: number, subscription = 'acme') =>
  Array.from({ length: count }, (_, index) => ({
    subscription,
    messageId: `${subscription}-${index + 1}`,
    firstAt: index,
    sequence: String(index + 1),
  }));

const idsIn = (messages: readonly { readonly body: string }[]) =>
  messages.map(({ body }) => /"id":"([^"]+)"/.exec(body)?.[1]);

describe('what matches', () => {
  test('is sent into its lane with the body it came with, and then it is gone from the queue', async () => {
    const world = worldWith(numbered(25));
    const answer = await world.call({ endpoint: 'rejected', redriveId: 'r1' });
    expect(answer).toMatchObject({
      done: true,
      matched: 25,
      sent: 25,
      skipped: {},
      redriveId: 'r1',
      left: 0,
    });
    expect(answer.cursor).toBeUndefined();
    expect(idsIn(world.deliveries())).toEqual(numbered(25).map(({ messageId }) => messageId));
    expect(world.deliveries()[0]).toMatchObject({ attempt: 1, sends: 0, rounds: 1, subscription: 'acme' });
    expect(world.memory.left(URLS.rejected)).toBe(0);
    expect(world.counts.get('DeadLettersReplayed')).toBe(25);
  });

  test('comes in order within each subscription, in whatever order the queue gave it', async () => {
    const mixed = [...numbered(40), ...numbered(40, 'beta'), ...numbered(40, 'wide')];
    const world = worldWith(
      mixed.toSorted((a, b) => (a.sequence + a.subscription < b.sequence + b.subscription ? 1 : -1)),
    );
    await world.call({ endpoint: 'rejected' });
    for (const subscription of ['acme', 'beta']) {
      const sent = world.deliveries().filter((delivery) => delivery.subscription === subscription);
      expect(sent.map(({ messageId }) => messageId)).toEqual(
        numbered(40, subscription).map(({ messageId }) => messageId),
      );
    }
    expect(
      new Set(
        world
          .deliveries()
          .filter(({ subscription }) => subscription === 'wide')
          .map(({ group }) => group),
      ).size,
    ).toBe(laneCountIn({ requests: 5, several: true }));
  });

  test('is not sent past one of its lane that SQS did not take', async () => {
    const world = worldWith([...numbered(30), ...numbered(30, 'beta')]);
    let calls = 0;
    world.memory.faults.entry = (operation, queue) => {
      if (operation !== 'send' || queue !== 'deliveries.fifo') return undefined;
      calls += 1;
      return calls % 3 === 0 ? 'InternalError' : undefined;
    };
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ done: true, sent: 60 });
    for (const subscription of ['acme', 'beta']) {
      const sent = world.deliveries().filter((delivery) => delivery.subscription === subscription);
      expect(sent.map(({ messageId }) => messageId)).toEqual(
        numbered(30, subscription).map(({ messageId }) => messageId),
      );
    }
  });

  test('stays, and is visible at once, where SQS takes nothing; the cursor goes on with it', async () => {
    const world = worldWith(numbered(12));
    world.memory.faults.call = (operation, queue) =>
      operation === 'send' && queue === 'deliveries.fifo' ? 'fail' : undefined;
    const first = await world.call({ endpoint: 'rejected' });
    expect(first).toMatchObject({ done: false, matched: 0, sent: 0, left: 12 });
    expect(world.visible(URLS.rejected)).toHaveLength(12);
    world.memory.faults.call = undefined;
    const second = await world.call({ endpoint: 'rejected', cursor: first.cursor });
    expect(second).toMatchObject({ done: true, matched: 12, sent: 12, redriveId: first.redriveId });
  });

  test('whose answer was lost is sent again under the same id, which SQS knows', async () => {
    const world = worldWith(numbered(5));
    let lost = 0;
    world.memory.faults.call = (operation, queue) =>
      operation === 'send' && queue === 'deliveries.fifo' && lost++ < 2 ? 'lose' : undefined;
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ sent: 5 });
    expect(world.deliveries()).toHaveLength(5);
    expect(world.memory.swallowed()).toBeGreaterThan(0);
  });

  test('and can never be taken is skipped as refused, and stays', async () => {
    const world = worldWith(numbered(3));
    world.memory.faults.entry = (operation, queue) =>
      operation === 'send' && queue === 'deliveries.fifo' ? 'InvalidMessageContents' : undefined;
    const answer = await world.call({ endpoint: 'rejected' });
    expect(answer).toMatchObject({ done: true, matched: 3, sent: 0, skipped: { refused: 3 } });
    expect(world.visible(URLS.rejected)).toHaveLength(3);
  });

  test('is deleted only after it was sent; what can not be deleted is sent once for one redrive', async () => {
    const world = worldWith(numbered(4));
    world.memory.faults.call = (operation) => (operation === 'remove' ? 'fail' : undefined);
    expect(await world.call({ endpoint: 'rejected', redriveId: 'r1' })).toMatchObject({ sent: 4 });
    world.memory.faults.call = undefined;
    expect(world.memory.left(URLS.rejected)).toBe(4);
    world.pass(400_000 - (world.now() - START));
    expect(await world.call({ endpoint: 'rejected', redriveId: 'r1' })).toMatchObject({ done: true });
    expect(world.memory.left(URLS.rejected)).toBe(0);
  });
});

describe('the same redrive twice', () => {
  test('makes the same deliveries, which SQS takes once; another redrive makes others', async () => {
    const letters = numbered(6);
    const world = worldWith(letters);
    await world.call({ endpoint: 'rejected', redriveId: 'r1' });
    const again = worldWith(letters);
    await again.call({ endpoint: 'rejected', redriveId: 'r1' });
    const other = worldWith(letters);
    await other.call({ endpoint: 'rejected', redriveId: 'r2' });
    const replayIds = (of: typeof world) => of.deliveries().map(({ replayId }) => replayId);
    expect(replayIds(again)).toEqual(replayIds(world));
    expect(replayIds(other).some((id) => replayIds(world).includes(id))).toBe(false);
  });

  test('sends a letter that was written twice once, and takes both away', async () => {
    const world = worldWith([{ messageId: 'm1' }, { messageId: 'm1' }, { messageId: 'm2', firstAt: 3_000 }]);
    const answer = await world.call({ endpoint: 'rejected' });
    expect(answer).toMatchObject({ matched: 3, sent: 2, skipped: { duplicate: 1 } });
    expect(idsIn(world.deliveries())).toEqual(['m1', 'm2']);
    expect(world.memory.left(URLS.rejected)).toBe(0);
  });
});

describe('what does not match', () => {
  test('stays, and is visible again at the end', async () => {
    const world = worldWith([...numbered(15), ...numbered(30, 'beta')]);
    const answer = await world.call({ endpoint: 'rejected', subscription: 'acme' });
    expect(answer).toMatchObject({ done: true, seen: 45, matched: 15, sent: 15, left: 0 });
    expect(world.visible(URLS.rejected)).toHaveLength(30);
  });

  test('is out of sight between two calls, so that the next goes on behind it, and for two minutes at most', async () => {
    const world = worldWith([...numbered(20, 'beta'), ...numbered(20)]);
    const first = await world.call({ endpoint: 'rejected', subscription: 'acme', limit: 20 }, 1);
    expect(first.done).toBe(false);
    const hidden = world.memory.stored(URLS.rejected).filter(({ visibleAt }) => visibleAt > world.now());
    expect(hidden.length).toBeGreaterThan(0);
    for (const { visibleAt } of hidden) expect(visibleAt - world.now()).toBeLessThanOrEqual(121_000);
    const rest = await world.callAll({
      endpoint: 'rejected',
      subscription: 'acme',
      limit: 20,
      cursor: first.cursor,
    });
    expect(first.sent + rest.reduce((sum, { sent }) => sum + sent, 0)).toBe(20);
  });

  test('and is no dead letter stays, and is counted', async () => {
    const world = worldWith(numbered(2));
    world.memory.put(URLS.rejected, { body: 'not ours', attributes: { other: 'x' } });
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ sent: 2, skipped: { unreadable: 1 } });
    expect(world.visible(URLS.rejected).map(({ body }) => body)).toEqual(['not ours']);
  });
});

describe('what matches and is not sent', () => {
  test('stays, with the reason counted: no subscription, rounds, unknown', async () => {
    const world = worldWith([
      { messageId: 'ok' },
      { messageId: 'gone', subscription: 'nobody' },
      { messageId: 'round', rounds: 10 },
      { messageId: 'maybe', reason: 'unknown', outcome: 'unknown' },
    ]);
    const answer = await world.call({ endpoint: 'rejected' });
    expect(answer).toMatchObject({
      matched: 4,
      sent: 1,
      skipped: { unsubscribed: 1, rounds: 1, unknown: 1 },
    });
    expect(idsIn(world.visible(URLS.rejected)).toSorted()).toEqual(['gone', 'maybe', 'round']);
    expect(await world.call({ endpoint: 'rejected', includeUnknown: true })).toMatchObject({ sent: 1 });
    expect(idsIn(world.deliveries())).toEqual(['ok', 'maybe']);
  });

  test('what became a letter after the redrive began is for the next one', async () => {
    const world = worldWith([{ messageId: 'old' }, { messageId: 'new', lastAt: START + 1 }]);
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ done: true, matched: 1, sent: 1 });
    world.pass(10);
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ matched: 1, sent: 1 });
  });
});

describe('a limit', () => {
  test('holds over all calls of the cursor', async () => {
    const world = worldWith(numbered(100));
    const answers = await world.callAll({ endpoint: 'rejected', limit: 37 }, 2);
    expect(answers.reduce((sum, { sent }) => sum + sent, 0)).toBe(37);
    expect(answers.at(-1)).toMatchObject({ done: true, left: 63 });
    expect(world.visible(URLS.rejected)).toHaveLength(63);
  });
});

describe('a rate', () => {
  test('is kept, evenly, over the calls that it takes', async () => {
    const world = worldWith(numbered(100, 'wide'));
    const answers = await world.callAll({ endpoint: 'rejected', ratePerSecond: 10 }, 5);
    expect(answers.length).toBeGreaterThan(1);
    expect(answers.reduce((sum, { sent }) => sum + sent, 0)).toBe(100);
    const times = world.memory.taken(URLS.deliveries).map(({ sentAt }) => sentAt);
    for (const start of times) {
      const inSecond = times.filter((time) => time >= start && time < start + 1_000).length;
      expect(inSecond).toBeLessThanOrEqual(13);
    }
  });
});

test('nothing is added while deliveries.fifo is too full', async () => {
  const world = worldWith(numbered(5));
  world.isFull.now = true;
  const answer = await world.call({ endpoint: 'rejected' }, 30);
  expect(answer).toMatchObject({ done: false, sent: 0 });
  expect(world.deliveries()).toEqual([]);
  expect(world.visible(URLS.rejected)).toHaveLength(5);
});

test('an empty receive is no empty queue, nor are several', async () => {
  const world = worldWith(numbered(30));
  let receives = 0;
  world.memory.faults.call = (operation) => (operation === 'receive' && receives++ < 7 ? 'fail' : undefined);
  expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ done: true, sent: 30 });
});

describe('a dry run', () => {
  test('counts and shows, sends nothing, and everything is visible at once', async () => {
    const world = worldWith([
      ...numbered(12),
      ...numbered(3, 'beta').map((given) => ({ ...given, status: 410 })),
    ]);
    const answer = await world.call({ endpoint: 'rejected', dryRun: true, sample: 2 });
    expect(answer).toMatchObject({
      done: true,
      seen: 15,
      left: 0,
      matched: 15,
      sent: 0,
      counts: {
        bySubscription: { acme: 12, beta: 3 },
        byStatus: { 400: 12, 410: 3 },
        byReason: { rejected: 15 },
      },
    });
    expect(answer.sample).toHaveLength(2);
    expect(answer.sample?.[0]).toEqual({
      id: 'acme-1',
      subscription: 'acme',
      topic: 'orders',
      reason: 'rejected',
      status: 400,
      attempts: 1,
      at: '1970-01-01T00:00:03.000Z',
      bytes: 15,
    });
    expect(world.deliveries()).toEqual([]);
    expect(world.visible(URLS.rejected)).toHaveLength(15);
  });
});

describe('a FIFO queue', () => {
  test('is read through to its end: what is sent makes way for what follows it in its group', async () => {
    const world = worldWith(numbered(35), URLS.rejectedFifo);
    const answer = await world.call({ endpoint: 'rejected-fifo' });
    expect(answer).toMatchObject({ done: true, sent: 35 });
    expect(idsIn(world.deliveries())).toEqual(numbered(35).map(({ messageId }) => messageId));
    expect(world.memory.left(URLS.rejectedFifo)).toBe(0);
    expect(answer.notes?.[0]).toContain('FIFO');
  });

  test('ends where what stays stands before the rest of its group, and says so', async () => {
    const world = worldWith([...numbered(12, 'beta'), ...numbered(5)], URLS.rejectedFifo);
    const answer = await world.call({ endpoint: 'rejected-fifo', subscription: 'acme' });
    expect(answer).toMatchObject({ done: true, sent: 0 });
    expect(world.visible(URLS.rejectedFifo)).toHaveLength(17);
  });
});

describe('what never had a subscription', () => {
  const put = (
    world: ReturnType<typeof worldWith>,
    given: Parameters<typeof undeliverableAttribute>[0],
    body = 'x',
  ) => world.memory.put(URLS.undeliverable, { body, attributes: undeliverableAttribute(given) });

  test('goes back to where its publisher had put it, as it came, and keeps the id that SQS gave it', async () => {
    const world = worldWith([]);
    const topic = { topic: { type: 'String', value: 'orders' } };
    put(world, { sqsMessageId: 'sqs-7', attributes: topic });
    put(world, { sqsMessageId: 'sqs-8', attributes: { ...topic, id: { type: 'String', value: 'mine' } } });
    put(
      world,
      { from: 'webhooks-dev-messages.fifo', sqsMessageId: 'sqs-9', attributes: topic, group: 'customer-7' },
      'ordered',
    );
    expect(await world.call({ endpoint: 'undeliverable' })).toMatchObject({
      done: true,
      matched: 3,
      sent: 3,
    });
    expect(
      world.memory.taken(URLS.messages).map(({ attributes, body }) => ({ ...attributes, body })),
    ).toEqual([
      { topic: 'orders', id: 'sqs-7', body: 'x' },
      { topic: 'orders', id: 'mine', body: 'x' },
    ]);
    expect(world.memory.taken(URLS.messagesFifo)).toMatchObject([{ group: 'customer-7', body: 'ordered' }]);
    expect(world.memory.left(URLS.undeliverable)).toBe(0);
  });

  test('goes back to messages.fifo in the order of its group, in whatever order undeliverable gave it', async () => {
    const world = worldWith([]);
    const topic = { topic: { type: 'String', value: 'orders' } };
    for (const n of [10, 3, 1, 12, 2]) {
      const sequence = `1884949646046769${String(n).padStart(4, '0')}`;
      for (const group of ['g', 'h'])
        put(
          world,
          {
            from: 'webhooks-dev-messages.fifo',
            attributes: topic,
            group,
            sequence,
            sqsMessageId: `${group}${n}`,
          },
          `${n}`,
        );
    }
    expect(await world.call({ endpoint: 'undeliverable' })).toMatchObject({ sent: 10 });
    for (const group of ['g', 'h']) {
      const sent = world.memory.taken(URLS.messagesFifo).filter((message) => message.group === group);
      expect(sent.map(({ body }) => body)).toEqual(['1', '2', '3', '10', '12']);
    }
  });

  test('goes back to the standard queue from there, also with a group, which is a hint for fairness', async () => {
    const world = worldWith([]);
    const topic = { topic: { type: 'String', value: 'orders' } };
    put(world, { from: 'webhooks-dev-messages', attributes: topic, group: 'tenant-7' }, 'fair');
    expect(await world.call({ endpoint: 'undeliverable' })).toMatchObject({ sent: 1 });
    expect(world.memory.taken(URLS.messages)).toMatchObject([{ group: 'tenant-7', body: 'fair' }]);
    expect(world.memory.taken(URLS.messagesFifo)).toEqual([]);
  });

  test.each(['webhooks-dev-deliveries.fifo', 'webhooks-dev-retries', 'webhooks-dev-dead-letters', 'backlog'])(
    'is not published when it was found on %s, where no publisher had put it',
    async (from) => {
      const world = worldWith([]);
      const topic = { topic: { type: 'String', value: 'orders' } };
      put(world, { from, attributes: topic, group: 'g#0' });
      expect(await world.call({ endpoint: 'undeliverable' })).toMatchObject({
        sent: 0,
        skipped: { unreadable: 1 },
      });
      expect(world.visible(URLS.undeliverable)).toHaveLength(1);
    },
  );

  test('keeps the id that its body has', async () => {
    const world = worldWith([]);
    put(world, {}, '{"specversion":"1.0","type":"orders","source":"/shop","id":"7"}');
    await world.call({ endpoint: 'undeliverable' });
    expect(world.memory.taken(URLS.messages)[0]?.attributes).toEqual({});
  });

  test('stays in undeliverable where SQS does not take it', async () => {
    const world = worldWith([]);
    put(world, {});
    world.memory.faults.call = (operation, queue) =>
      operation === 'send' && queue === 'messages' ? 'fail' : undefined;
    expect(await world.call({ endpoint: 'undeliverable' })).toMatchObject({ done: false, sent: 0 });
    expect(world.visible(URLS.undeliverable)).toHaveLength(1);
  });
});

describe('a letter that is not the endpoint’s own', () => {
  /** `victim` has its dead letters at the endpoint `other`; somebody put a letter for it into the queue of `rejected`. */
  function forged(dlq: string | undefined = 'other') {
    const world = worldWith([
      { messageId: 'own-1' },
      { messageId: 'forged', subscription: 'victim', endpoint: 'rejected' },
      { messageId: 'own-2', sequence: '2' },
    ]);
    world.subscribe('victim', { dlq });
    return world;
  }

  test.each(['other', undefined, 'undeliverable'])('is skipped and stays (its dlq: %s)', async (dlq) => {
    const world = forged(dlq);
    const dry = await world.call({ endpoint: 'rejected', dryRun: true });
    expect(dry).toMatchObject({ matched: 3, sent: 0, skipped: { 'not-of-endpoint': 1 } });
    expect(world.visible(URLS.rejected)).toHaveLength(3);
    const answer = await world.call({ endpoint: 'rejected' });
    expect(answer).toMatchObject({ done: true, matched: 3, sent: 2, skipped: { 'not-of-endpoint': 1 } });
    expect(answer.notes).toEqual([expect.stringContaining('movedDlq')]);
    expect(idsIn(world.deliveries())).toEqual(['own-1', 'own-2']);
    expect(idsIn(world.visible(URLS.rejected))).toEqual(['forged']);
  });

  test('is replayed for one named subscription, when the request says that its dlq was moved', async () => {
    const world = forged();
    expect(await world.ask({ endpoint: 'rejected', movedDlq: true })).toEqual({
      ok: false,
      faults: [{ path: 'subscription', reason: 'must be named together with movedDlq' }],
    });
    const request = { endpoint: 'rejected', movedDlq: true, subscription: 'victim' };
    expect(await world.call(request)).toMatchObject({ matched: 1, sent: 1, skipped: {} });
    expect(idsIn(world.deliveries())).toEqual(['forged']);
  });

  test('is not believed when the item of its subscription has faults, because its dlq is not known', async () => {
    const world = forged();
    world.putItem({ id: 'victim', topic: 'orders', qos: 'twice', dlq: { endpoint: 'rejected' } });
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({
      sent: 2,
      skipped: { 'invalid-subscription': 1 },
    });
    expect(idsIn(world.visible(URLS.rejected))).toEqual(['forged']);
  });

  test('nor is a message for a topic that somebody put there as if it had never had a subscription', async () => {
    const world = worldWith([{ messageId: 'own-1' }]);
    const topic = { topic: { type: 'String', value: 'orders' } };
    world.memory.put(URLS.rejected, {
      body: '{"id":"forged"}',
      attributes: undeliverableAttribute({ attributes: topic }),
    });
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({
      sent: 1,
      skipped: { 'not-of-endpoint': 1 },
    });
    expect(world.memory.taken(URLS.messages)).toEqual([]);
    expect(idsIn(world.visible(URLS.rejected))).toEqual(['forged']);
  });

  test.each([
    { messageId: 'x'.repeat(129) },
    { messageId: 'with space' },
    { subscription: 'acme\u0000' },
    { topic: '' },
    { topic: 't'.repeat(257) },
  ])('nor one with an id that nobody can have (%j)', async (given) => {
    const world = worldWith([{ messageId: 'own-1' }, given]);
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ sent: 1, skipped: { unreadable: 1 } });
    expect(world.visible(URLS.rejected)).toHaveLength(1);
  });

  test('is replayed without headers that do not travel', async () => {
    const world = worldWith([{ headers: { 'x-a': 'a'.repeat(100_000), 'x-b': 'b' } }]);
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ sent: 1 });
    expect(world.deliveries()[0]?.headers).toEqual({ 'x-b': 'b' });
  });

  test.each([
    { contentType: 'text/plain' },
    { headers: { 'x-a': '1' } },
    { encoding: 'base64' as const },
    { topic: 'others' },
    { key: 'k' },
  ])('never counts as the one that it was copied from (%j)', async (change) => {
    const world = worldWith([]);
    for (const given of [{ ...change, firstAt: 1 }, {}])
      world.memory.put(URLS.rejected, { body: 'AAAA', attributes: attributeOf(given) });
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ sent: 2, skipped: {} });
  });

  test('is replayed from undeliverable, which is the functions’ own queue', async () => {
    const world = worldWith([]);
    world.subscribe('victim', { dlq: 'other' });
    world.memory.put(URLS.undeliverable, { body: 'x', attributes: attributeOf({ subscription: 'victim' }) });
    expect(await world.call({ endpoint: 'undeliverable' })).toMatchObject({ sent: 1, skipped: {} });
  });

  test('stays, as do all others, when DynamoDB does not say whose it is', async () => {
    const world = forged();
    world.tables.faults.call = ({ table }) => (table === 'subscriptions' ? 'fail' : undefined);
    await expect(world.call({ endpoint: 'rejected' })).rejects.toThrow();
    expect(world.deliveries()).toEqual([]);
    expect(world.visible(URLS.rejected)).toHaveLength(3);
  });

  test('in a flood of names is looked up once each, and holds up no other', async () => {
    const names = Array.from({ length: 300 }, (_, n) => ({
      subscription: `nobody-${n % 100}`,
      messageId: `f${n}`,
    }));
    const world = worldWith([...names, ...numbered(20)]);
    const answers = await world.callAll({ endpoint: 'rejected' });
    expect(answers.reduce((sum, { sent }) => sum + sent, 0)).toBe(20);
    expect(answers.reduce((sum, { skipped }) => sum + (skipped.unsubscribed ?? 0), 0)).toBe(300);
    // Each subscription, and the endpoint of the one that has one.
    expect(world.tables.calls.get('Get')).toBeLessThanOrEqual(answers.length * 103);
  });
});

describe('two letters with one message id', () => {
  const put = (world: ReturnType<typeof worldWith>, given: Parameters<typeof attributeOf>[0], body: string) =>
    world.memory.put(URLS.rejected, { body, attributes: attributeOf({ messageId: 'm1', ...given }) });
  const bodiesOf = (world: ReturnType<typeof worldWith>) => world.deliveries().map(({ body }) => body);

  test('of two publications are both sent, in order, and both leave the queue', async () => {
    const world = worldWith([]);
    put(world, { sequence: '2', firstAt: 9_000 }, 'second');
    put(world, { sequence: '1', firstAt: 2_000 }, 'first');
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ matched: 2, sent: 2, skipped: {} });
    expect(bodiesOf(world)).toEqual(['first', 'second']);
    expect(world.memory.left(URLS.rejected)).toBe(0);
    expect(new Set(world.deliveries().map(({ replayId }) => replayId)).size).toBe(2);
  });

  test('and one sequence, but another content, are both sent too', async () => {
    const world = worldWith([]);
    put(world, {}, 'one');
    put(world, {}, 'another');
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ sent: 2, skipped: {} });
    expect(bodiesOf(world).toSorted()).toEqual(['another', 'one']);
  });

  test('of two subscriptions are both sent', async () => {
    const world = worldWith([]);
    put(world, { subscription: 'acme' }, 'same');
    put(world, { subscription: 'beta' }, 'same');
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ sent: 2, skipped: {} });
  });

  test('that are one letter, written twice: the second is deleted only after the first was sent', async () => {
    const world = worldWith([]);
    put(world, {}, 'same');
    put(world, {}, 'same');
    world.memory.faults.call = (operation, queue) =>
      operation === 'send' && queue === 'deliveries.fifo' ? 'fail' : undefined;
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ done: false, sent: 0 });
    expect(world.visible(URLS.rejected)).toHaveLength(2);
    world.memory.faults.call = undefined;
    expect(await world.call({ endpoint: 'rejected' })).toMatchObject({ sent: 1, skipped: { duplicate: 1 } });
    expect(world.memory.left(URLS.rejected)).toBe(0);
  });

  test('in undeliverable are both sent, with and without a recorded sequence', async () => {
    const world = worldWith([]);
    const delivery = { v: 1, kind: 'delivery', subscription: 'acme', messageId: 'm1', contentType: 'a/b' };
    const value = JSON.stringify({ ...delivery, headers: {}, publishedAt: 1_000, attempt: 1, sends: 0 });
    const attributes = { 'sqs-webhooks': { type: 'String', value } };
    for (const where of [
      { sqsMessageId: 's1' },
      { sqsMessageId: 's2' },
      { sequence: '1' },
      { sequence: '2' },
    ]) {
      world.memory.put(URLS.undeliverable, {
        body: 'same',
        attributes: undeliverableAttribute({ ...where, from: 'webhooks-dev-deliveries.fifo', attributes }),
      });
    }
    expect(await world.call({ endpoint: 'undeliverable' })).toMatchObject({ sent: 4, skipped: {} });
  });
});

test('a delivery and a dead letter in undeliverable are replayed into their lane', async () => {
  const world = worldWith([]);
  const inner = {
    v: 1,
    kind: 'delivery',
    subscription: 'acme',
    messageId: 'm9',
    contentType: 'application/json',
    headers: {},
    publishedAt: 1_000,
    attempt: 3,
    sends: 4,
    hops: 2,
  };
  const own = (value: string) => ({ 'sqs-webhooks': { type: 'String', value } });
  const put = (attributes: ReturnType<typeof own>, reason: string) =>
    world.memory.put(URLS.undeliverable, {
      body: 'body',
      attributes: undeliverableAttribute({ reason, attributes }),
    });
  put(own(JSON.stringify(inner)), 'unsubscribed');
  put(own(attributeOf({ messageId: 'm10' })['sqs-webhooks'] ?? ''), 'endpoint-gone');
  put(own('{"v":1,"kind":"token"}'), 'malformed-delivery');
  expect(await world.call({ endpoint: 'undeliverable' })).toMatchObject({
    matched: 2,
    sent: 2,
    skipped: { unreadable: 1 },
  });
  expect(world.deliveries()).toMatchObject([
    { messageId: 'm9', attempt: 1, sends: 0, rounds: 1, body: 'body' },
    { messageId: 'm10', attempt: 1, rounds: 1 },
  ]);
  expect(world.deliveries()[0]).not.toHaveProperty('hops');
});

test('a missing endpoint, or offsets of a queue, is an error, and no letter is read', async () => {
  const world = worldWith(numbered(1));
  expect(await world.ask({ endpoint: 'nowhere' })).toEqual({
    ok: false,
    faults: [{ path: 'endpoint', reason: 'there is no endpoint nowhere: put its item, or name another' }],
  });
  expect(await world.ask({ endpoint: 'rejected', offsets: { '0': 1 } })).toMatchObject({ ok: false });
  expect(world.visible(URLS.rejected)).toHaveLength(1);
  expect(await world.ask({ endpoint: 'own' })).toMatchObject({
    faults: [
      {
        reason:
          "endpoint own names one of the product's own queues; redrive reads only undeliverable, by that name, and queues that no function reads",
      },
    ],
  });
  // A queue of the same name in another account.
  expect(await world.ask({ endpoint: 'partner' })).toMatchObject({ ok: true, seen: 0 });
});

test('a queue that becomes unreadable ends the redrive with the counts and a cursor', async () => {
  const world = worldWith(numbered(25), URLS.rejectedFifo);
  let receives = 0;
  world.memory.faults.call = (operation) => {
    if (operation === 'receive' && receives++ > 5) throw Object.assign(new Error(), { name: 'AccessDenied' });
    return undefined;
  };
  const first = await world.call({ endpoint: 'rejected-fifo' });
  expect(first).toMatchObject({
    done: false,
    notes: [expect.anything(), expect.stringContaining('It was broken off: the queue')],
  });
  expect(first.sent).toBeGreaterThan(0);
  world.memory.faults.call = undefined;
  world.pass(120_000);
  const second = await world.call({ endpoint: 'rejected-fifo', cursor: first.cursor });
  expect(first.sent + second.sent).toBe(25);
});
