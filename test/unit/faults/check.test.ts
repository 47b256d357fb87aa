// The ledger can fail: each promise, broken by hand.
import { expect, test } from 'vitest';
import { balance } from '#test/faults/check.ts';
import type { Interruption } from '#test/faults/interruptions.ts';
import type { ItemVersion } from '#test/faults/item-versions.ts';
import { type Copy, type Stored, storedOf } from '#test/faults/places.ts';
import type { Plan, PlannedMessage, Settings } from '#test/faults/plan.ts';
import { PLAIN } from '#test/faults/plan-of-one.ts';
import { bodyOf, bytesOf, headersOf } from '#test/faults/published.ts';
import type { Received } from '#test/faults/receiver.ts';
import { hashOf, membersOf } from '#test/faults/request-members.ts';
import type { Resumed } from '#test/faults/settle.ts';

const messageOf = (id: string, more: Partial<PlannedMessage> = {}): PlannedMessage => ({
  id,
  to: { subscription: 's' },
  subscriptions: ['s'],
  key: 'k',
  ordered: true,
  keep: true,
  bytes: 100,
  atMs: 0,
  ...more,
});

const request = (message: PlannedMessage, more: Partial<Received> = {}): Received => ({
  subscription: 's',
  headers: new Map([
    ['webhook-id', message.id],
    ...Object.entries(headersOf(message)),
    ['x-item', '0 auto 1'],
  ]),
  body: Buffer.from(bodyOf(message)),
  at: 0,
  isWhole: true,
  status: 200,
  answeredAt: 0,
  endedAt: 0,
  ...more,
});

const version = (item: Partial<Settings>, more: Partial<ItemVersion> = {}): ItemVersion => ({
  is: 'valid',
  from: 0,
  until: Number.POSITIVE_INFINITY,
  settings: { ...PLAIN, ...item },
  ...more,
});

const copyOf = ({ id }: PlannedMessage, place: Copy['place'], more: Partial<Copy> = {}): Copy => ({
  subscription: 's',
  id,
  place,
  ...more,
});

const letterOf = (message: PlannedMessage, more: Partial<Copy> = {}): Copy =>
  copyOf(message, 'dead letter', { reason: 'rejected', endpoint: 'letters', ...more });

type Line = Stored['attempts'][number];

const line = (ids: readonly string[], more: Partial<Line>): Line => ({
  subscription: 's',
  webhookId: '',
  ids,
  outcome: 'failed',
  action: 'retry',
  loggedAt: 0,
  durationMs: 0,
  ...more,
});

const logged = (
  { id }: PlannedMessage,
  action: string,
  outcome = 'failed',
  more: Partial<Line> = {},
): Stored['attempts'] => [line([id], { action, outcome, ...more })];

/** The line of a request, which says nothing about its end. */
const lineOf = (received: Received): Line =>
  line(
    membersOf(received).map(({ id }) => id),
    { loggedAt: received.at },
  );

type Circumstances = {
  readonly copies?: readonly Copy[];
  /** Those of the requests and further ones. */
  readonly attempts?: Stored['attempts'];
  readonly unlogged?: readonly Received[];
  readonly item?: Partial<Settings>;
  readonly versions?: readonly ItemVersion[];
  readonly events?: Plan['events'];
  readonly publishedAt?: number;
  readonly interruptions?: readonly Interruption[];
  readonly resumed?: readonly Resumed[];
};

function balanceOf(
  messages: readonly PlannedMessage[],
  received: readonly Received[],
  {
    copies = [],
    attempts = [],
    unlogged = [],
    item = {},
    versions = [version(item)],
    events = [],
    publishedAt = 0,
    interruptions = [],
    resumed = [],
  }: Circumstances = {},
) {
  const plan: Plan = {
    seed: 1,
    fifoDeletedAgain: 'success',
    fifoLateDelete: 'success',
    subscriptions: [{ id: 's', byTopic: false, settings: { ...PLAIN, ...item }, answers: [] }],
    messages,
    calls: [],
    events,
  };
  const used = versions.map((one) => one.settings);
  return balance(plan, {
    items: {
      settingsOf: () => used,
      qualitiesOf: () => used.map(({ qos }) => qos),
      versionsOf: () => versions,
      endpointAbsences: () => [],
    },
    received,
    stored: storedOf(copies, [...received.filter((one) => !unlogged.includes(one)).map(lineOf), ...attempts]),
    publishedAt: new Map(messages.map(({ id }) => [id, publishedAt])),
    interruptions,
    metFaults: [],
    resumed,
  });
}

const promises = (...given: Parameters<typeof balanceOf>) =>
  balanceOf(...given).breaches.map(({ promise }) => promise);

const [first, second] = [messageOf('m1-00'), messageOf('m1-01')];

test('messages that were delivered in order break nothing', () => {
  expect(balanceOf([first, second], [request(first), request(second)])).toMatchObject({
    places: { delivered: 2 },
    breaches: [],
  });
});

test('a message that is nowhere is lost', () => {
  expect(promises([first, second], [request(first)])).toEqual(['lost']);
});

test('a message whose every answer was an error, and that is stored nowhere, is lost', () => {
  expect(promises([first], [request(first, { status: 500 })])).toEqual(['lost']);
});

/** The end of a function. `names`: the messages and subscriptions of its event. */
const death = (more: Partial<Interruption> = {}): Interruption => ({
  at: 10,
  function: 'deliver',
  names: new Set(['s']),
  ...more,
});

const LETTERS = { dlq: 'letters' } as const;

test('a dead letter is no loss', () => {
  const copies = [letterOf(first)];
  expect(promises([first], [request(first, { status: 400 })], { copies, item: LETTERS })).toEqual([]);
});

test('a dead letter without a dlq, or for a failure that interrupts, is misplaced', () => {
  const copies = [letterOf(first)];
  expect(promises([first], [], { copies })).toEqual(['misplaced']);
  const failed = [letterOf(first, { reason: 'failed' })];
  expect(promises([first], [], { copies: failed, item: LETTERS })).toEqual(['misplaced']);
  expect(promises([first], [], { copies: failed, item: { ...LETTERS, interrupts: false } })).toEqual([]);
});

test('an item that was replaced before the message was published permits nothing', () => {
  const versions = [version(LETTERS, { until: 10 }), version({}, { from: 9 })];
  const copies = [letterOf(first)];
  expect(promises([first], [], { copies, versions, publishedAt: 10 })).toEqual([]);
  expect(promises([first], [], { copies, versions, publishedAt: 11 })).toEqual(['misplaced']);
});

test('only at-most-once holds, and not what was answered with a 2xx and is called rejected', () => {
  const held = [copyOf(first, 'held', { reason: 'rejected' })];
  const item = { qos: 'at-most-once' } as const;
  expect(promises([first], [request(first, { status: 400 })], { copies: held, item })).toEqual([]);
  expect(promises([first], [], { copies: held })).toEqual(['misplaced']);
  expect(promises([first], [request(first)], { copies: held, item })).toEqual(['misplaced']);
  const lost = [copyOf(first, 'held', { reason: 'lost' })];
  expect(promises([first], [request(first)], { copies: lost, item })).toEqual([]);
});

test('two places, or two letters, need as many interruptions', () => {
  const delivered = logged(first, 'done', 'delivered');
  const both = { copies: [letterOf(first)], attempts: delivered, item: LETTERS };
  expect(promises([first], [request(first)], both)).toEqual(['misplaced']);
  expect(promises([first], [request(first)], { ...both, interruptions: [death()] })).toEqual([]);
  const twice = { copies: [letterOf(first), letterOf(first)], item: LETTERS };
  expect(promises([first], [], twice)).toEqual(['misplaced']);
  expect(promises([first], [], { ...twice, interruptions: [death()] })).toEqual([]);
});

test('undeliverable needs a reason that the run can have had', () => {
  const copies = [copyOf(first, 'undeliverable', { reason: 'unsubscribed' })];
  expect(promises([first], [], { copies })).toEqual(['misplaced']);
  const versions = [version({}, { until: 20 }), version({}, { is: 'absent', from: 10 })];
  expect(promises([first], [], { copies, versions })).toEqual([]);
  const malformed = [copyOf(first, 'undeliverable', { reason: 'malformed-delivery' })];
  expect(promises([first], [], { copies: malformed, versions })).toEqual(['misplaced']);
});

test('a message that waits at the end is stuck', () => {
  expect(promises([first], [], { copies: [copyOf(first, 'backlog')] })).toEqual(['stuck']);
});

test('a second request under at-most-once is a double', () => {
  const twice = [request(first, { status: 500 }), request(first)];
  expect(promises([first], twice, { item: { qos: 'at-most-once' } })).toEqual(['doubled']);
});

test('a message that was delivered twice without an interruption is a double, under each quality of service that repeats', () => {
  const twice = [request(first), request(first)];
  const done = logged(first, 'done', 'delivered');
  const attempts = [...done, ...done];
  for (const qos of ['auto', 'at-least-once'] as const) {
    expect(promises([first], twice, { item: { qos }, attempts: done })).toEqual([]);
    expect(promises([first], twice, { item: { qos }, attempts })).toEqual(['doubled']);
  }
  expect(promises([first], twice, { attempts, interruptions: [death()] })).toEqual([]);
});

test('an interruption explains a double only where it can have had the message', () => {
  const done = logged(first, 'done', 'delivered');
  const given = { attempts: [...done, ...done], publishedAt: 10 };
  const after = (more: Partial<Interruption>) =>
    promises([first], [request(first)], { ...given, interruptions: [death(more)] });
  expect(after({ at: 10 })).toEqual([]);
  expect(after({ at: 9 })).toEqual(['doubled']);
  expect(after({ names: new Set() })).toEqual([]);
  expect(after({ names: new Set(['other', first.id]) })).toEqual([]);
  expect(after({ names: new Set(['other', second.id]) })).toEqual(['doubled']);
  expect(after({ function: 'route' })).toEqual([]);
  for (const name of ['bridge', 'resume', 'redrive']) expect(after({ function: name })).toEqual(['doubled']);
});

test('a request without a line in the log needs a function that ended', () => {
  const unlogged = request(first);
  const sent = [request(first), unlogged];
  expect(promises([first], sent, { unlogged: [unlogged] })).toEqual(['doubled']);
  expect(promises([first], sent, { unlogged: [unlogged], interruptions: [death()] })).toEqual([]);
});

test('a later message of the key that was delivered first is out of order', () => {
  expect(promises([first, second], [request(second), request(first)])).toEqual(['out of order']);
});

test('a later message that was sent before the end of an older one is out of order, also if it failed', () => {
  const failed = (message: PlannedMessage) => request(message, { status: 500 });
  const sent = [failed(first), failed(second), request(first), request(second)];
  expect(promises([first, second], sent)).toEqual(['out of order']);
  expect(promises([first, second], [failed(first), request(first), request(second)])).toEqual([]);
  const onlyOnce = { item: { qos: 'at-most-once' }, attempts: logged(second, 'hold') } as const;
  const copies = [first, second].map((one) => copyOf(one, 'held', { reason: 'failed' }));
  expect(promises([first, second], [failed(second), failed(first)], { ...onlyOnce, copies })).toEqual([
    'out of order',
  ]);
  expect(promises([first, second], [failed(first), failed(second)], { ...onlyOnce, copies })).toEqual([]);
});

test('a copy of an older message may be behind a later one when the older one has arrived', () => {
  const together = (...messages: readonly PlannedMessage[]) =>
    request(first, {
      headers: new Map([
        ['webhook-batch', String(messages.length)],
        ['x-own', messages.map(({ id }) => id).join()],
        ['content-type', 'application/json'],
      ]),
      body: Buffer.from(`[${messages.map(bodyOf).join(',')}]`),
    });
  const interruptions = [death()];
  expect(promises([first, second], [together(first), together(second, first)], { interruptions })).toEqual(
    [],
  );
  expect(promises([first, second], [together(second, first)], { interruptions })).toEqual(['out of order']);
});

test('a batch that was rejected may be sent one by one', () => {
  const body = Buffer.from(`[${bodyOf(first)},${bodyOf(second)}]`);
  const headers = new Map([
    ['webhook-batch', '2'],
    ['content-type', 'application/json'],
  ]);
  const together = request(first, { headers, body, status: 400 });
  expect(promises([first, second], [together, request(first), request(second)])).toEqual([]);
  expect(promises([first, second], [together, request(second), request(first)])).toEqual(['out of order']);
});

test('a dead letter that was not sent may come later, once more', () => {
  const late = [request(second), request(first)];
  const away = { copies: [letterOf(first, { reason: 'unsent' })], item: { ...LETTERS, interrupts: false } };
  expect(promises([first, second], late, away)).toEqual(['out of order']);
  const attempts = logged(first, 'dead-letter', 'unsent');
  expect(promises([first, second], late, { ...away, attempts })).toEqual([]);
});

test('a copy of a message that had no subscription when it was routed may come behind later ones', () => {
  const late = [request(second), request(first)];
  const versions = [version({}, { is: 'absent', until: 20 }), version({}, { from: 10 })];
  const copies = (reason: string) => ({
    copies: [copyOf(first, 'undeliverable', { reason })],
    versions,
    interruptions: [death()],
  });
  expect(promises([first, second], late, copies('unknown-subscription'))).toEqual([]);
  // It may have been sent before.
  expect(promises([first, second], late, copies('unsubscribed'))).toEqual(['out of order']);
});

test('a later message of the key that was sent before the answer to an older one is out of order', () => {
  const sent = (answeredAt: number, at: number) => [
    request(first, { at: 0, answeredAt }),
    request(second, { at, answeredAt: 400 }),
  ];
  expect(promises([first, second], sent(300, 300))).toEqual([]);
  expect(promises([first, second], sent(300, 299))).toEqual(['out of order']);
});

test('a later message that was sent before the last attempt of a dead letter is out of order', () => {
  const failed = (at: number) => request(first, { status: 400, at, answeredAt: at });
  const sent = (at: number) => request(second, { at, answeredAt: at });
  const away = { copies: [letterOf(first)], item: LETTERS };
  const between = [failed(1), sent(2), failed(3)];
  expect(promises([first, second], between, away)).toEqual(['out of order']);
  expect(promises([first, second], [failed(1), failed(3), sent(4)], away)).toEqual([]);
  // A copy that comes after the dead letter is late. The log says which request was the last one before it.
  const interruptions = [death()];
  const letterAt = (loggedAt: number) => ({
    ...away,
    interruptions,
    attempts: logged(first, 'dead-letter', 'rejected', { loggedAt }),
  });
  expect(promises([first, second], between, letterAt(1))).toEqual([]);
  expect(promises([first, second], between, letterAt(3))).toEqual(['out of order']);
  const skewed = { atMs: 0, do: 'skew', ms: [-15_000, 0, 0, 0] } as const;
  expect(promises([first, second], between, { ...letterAt(3), events: [skewed] })).toEqual([]);
  expect(promises([first, second], between, { ...away, interruptions })).toEqual([]);
});

test('a later message that was sent while an older one was under way is out of order, whatever became of that', () => {
  const held = {
    item: { qos: 'at-most-once' },
    copies: [copyOf(first, 'held', { reason: 'failed' })],
  } as const;
  const during = (more: Partial<Received>, at = 300) =>
    promises([first, second], [request(first, more), request(second, { at, answeredAt: at })], held);
  const noAnswer = (endedAt: number | undefined) => {
    const { status: _, answeredAt: __, endedAt: ___, ...cut } = request(first);
    return { ...cut, ...(endedAt !== undefined && { endedAt }) };
  };
  const beside = (one: Received) =>
    promises([first, second], [one, request(second, { at: 300, answeredAt: 300 })], held);
  expect(during({ status: 500, answeredAt: 301 })).toEqual(['out of order']);
  expect(during({ status: 500, answeredAt: 300 })).toEqual([]);
  expect(beside(noAnswer(400))).toEqual(['out of order']);
  expect(beside(noAnswer(303))).toEqual([]);
  expect(beside(noAnswer(undefined))).toEqual(['out of order']);
});

test('a message that is kept for another subscription is misplaced', () => {
  const own = copyOf(first, 'held', { reason: 'failed' });
  const other = { ...own, subscription: 'another' };
  expect(promises([first], [request(first)], { copies: [other] })).toEqual(['misplaced']);
});

test('the order of two keys is free', () => {
  const other = messageOf('m1-01', { key: 'another' });
  expect(promises([first, other], [request(other), request(first)])).toEqual([]);
});

test('the place in a batch counts', () => {
  const body = Buffer.from(`[${bodyOf(second)},${bodyOf(first)}]`);
  const headers = new Map([
    ['webhook-batch', '2'],
    ['content-type', 'application/json'],
  ]);
  expect(promises([first, second], [request(first, { headers, body })])).toEqual(['out of order']);
});

test('a batch that can not be read is noticed', () => {
  const headers = new Map([
    ['webhook-batch', '2'],
    ['content-type', 'application/json'],
  ]);
  for (const body of [`[${bodyOf(first)},`, '[{}]', '[1,"m1-00"]'])
    expect(promises([first], [request(first), request(first, { headers, body: Buffer.from(body) })])).toEqual(
      ['changed'],
    );
});

test('other bytes than were published are noticed', () => {
  expect(promises([first], [request(first, { body: Buffer.from('{}') })])).toEqual(['changed']);
});

test('a message that the filter does not let through may not arrive', () => {
  const unwanted = messageOf('m1-00', { keep: false });
  expect(promises([unwanted], [], { item: { filtered: true } })).toEqual([]);
  expect(promises([unwanted], [request(unwanted)], { item: { filtered: true } })).toEqual(['misplaced']);
});

test.each(['held', 'dead letter'] as const)(
  'a message that the filter does not let through may not be kept: %s',
  (place) => {
    const unwanted = messageOf('m1-00', { keep: false });
    const copies = [copyOf(unwanted, place, { reason: 'lost', endpoint: 'letters' })];
    const item = { qos: 'at-most-once', ...(place === 'dead letter' && LETTERS) } as const;
    expect(promises([unwanted], [], { item: { ...item, filtered: true }, copies })).toEqual(['misplaced']);
    expect(promises([unwanted], [], { item, copies })).toEqual([]);
  },
);

test('the order of messages that were published without one is free', () => {
  const [older, newer] = [messageOf('m1-00', { ordered: false }), messageOf('m1-01', { ordered: false })];
  expect(promises([older, newer], [request(newer), request(older)])).toEqual([]);
});

test('more requests than the rate allows are noticed', () => {
  const many = Array.from({ length: 10 }, (_, index) => messageOf(`m1-0${index}`));
  const item = { rateLimit: { requests: 1, perSeconds: 30 } };
  const spaced = many.map((one, index) => request(one, { at: index * 30_000 }));
  expect(promises(many, spaced, { item })).toEqual([]);
  const close = many.map((one, index) => request(one, { at: index * 10_000 }));
  expect(promises(many, close, { item })).toEqual(['rate']);
});

test('a clock that is ahead may send what a rate allows a little earlier', () => {
  const many = Array.from({ length: 12 }, (_, index) => messageOf(`m1-${10 + index}`));
  const close = many.map((one, index) => request(one, { at: index * 25_000 }));
  const item = { rateLimit: { requests: 1, perSeconds: 30 } };
  const ahead = { atMs: 0, do: 'skew', ms: [-15_000, 60_000, 0, 0] } as const;
  expect(promises(many, close, { item })).toEqual(['rate']);
  expect(promises(many, close, { item, events: [ahead] })).toEqual([]);
});

test('a message of `none` that was neither sent nor attempted is lost', () => {
  const item = { qos: 'none' } as const;
  const under = (qos: string) =>
    request(first, {
      status: 500,
      headers: new Map([...request(first).headers, ['x-item', `0 ${qos} 1`]]),
    });
  expect(promises([first], [], { item })).toEqual(['lost']);
  expect(promises([first], [], { item, attempts: logged(first, 'drop') })).toEqual([]);
  expect(promises([first], [under('none')], { item })).toEqual([]);
  // The last lines of a function that dies are lost.
  expect(promises([first], [], { item, interruptions: [death()] })).toEqual([]);
  const others = [death({ function: 'route' }), death({ names: new Set(['m1-01']) })];
  expect(promises([first], [], { item, interruptions: others })).toEqual(['lost']);
  const versions = [version(item), version({})];
  expect(promises([first], [under('none'), under('at-least-once')], { versions })).toEqual(['lost']);
  const earlier = [version(item, { until: 5 }), version({}, { from: 4 })];
  expect(promises([first], [under('none')], { versions: earlier, publishedAt: 6 })).toEqual(['lost']);
});

test('a message that comes to another subscription is noticed', () => {
  const other = messageOf('m1-00', { to: { subscription: 'other' }, subscriptions: ['other'] });
  expect(promises([other], [request(other)])).toEqual(['misplaced']);
});

test('a message that is kept with other bytes is noticed', () => {
  const kept = (body: string) => ({ item: LETTERS, copies: [letterOf(first, { hash: hashOf(body) })] });
  expect(promises([first], [], kept(bodyOf(first)))).toEqual([]);
  expect(promises([first], [], kept(''))).toEqual(['changed']);
});

test('a record on Kafka has the bytes of a binary message, and other copies have its body', () => {
  const binary = messageOf('m1-00', { content: 'binary' });
  const kept = (bytes: string | Buffer, isDecoded: boolean) => ({
    item: LETTERS,
    copies: [letterOf(binary, { hash: hashOf(bytes), isDecoded })],
  });
  expect(promises([binary], [], kept(bytesOf(binary), true))).toEqual([]);
  expect(promises([binary], [], kept(bodyOf(binary), false))).toEqual([]);
  expect(promises([binary], [], kept(bodyOf(binary), true))).toEqual(['changed']);
});

test('`none` sends a message once, and again only after an interruption', () => {
  const twice = [request(first), request(first, { at: 1 })];
  const item = { qos: 'none' } as const;
  expect(promises([first], twice, { item })).toEqual(['doubled']);
  expect(promises([first], twice, { item, interruptions: [death()] })).toEqual([]);
});

/** An answer with Retry-After that the function read, and the next request of its message. */
const waited = (ms: number): Received[] => [
  request(first, { at: 1, answeredAt: 1, status: 429, retryAfter: '40' }),
  request(first, { at: 1 + ms }),
];
const read = { attempts: logged(first, 'pause', 'failed', { status: 429, loggedAt: 1 }) };

test('a message that comes again before its Retry-After is too early', () => {
  expect(promises([first], waited(38_000), read)).toEqual(['too early']);
  expect(promises([first], waited(39_000), read)).toEqual([]);
});

test('what the function did not read, and what was resumed or interrupted, waits for nothing', () => {
  const early = waited(38_000);
  expect(promises([first], early)).toEqual([]);
  const resumed = [{ subscription: 's', at: 20_000 }];
  expect(promises([first], early, { ...read, resumed })).toEqual([]);
  expect(promises([first], early, { ...read, interruptions: [death()] })).toEqual([]);
  const versions = [version({}), version({}, { from: 20_000 })];
  expect(promises([first], early, { ...read, versions })).toEqual([]);
});

test('a request without the headers of its message is changed', () => {
  const { headers } = request(first);
  const other = new Map([...headers, ['x-own', 'm1-99']]);
  expect(promises([first], [request(first, { headers: other })])).toEqual(['changed']);
  const untyped = new Map([...headers].filter(([name]) => name !== 'content-type'));
  expect(promises([first], [request(first, { headers: untyped })])).toEqual(['changed']);
});

test('a dead letter in the queue of another endpoint is misplaced', () => {
  const made = [request(first, { status: 400 })];
  const copies = (at: string) => [letterOf(first, { at })];
  expect(promises([first], made, { copies: copies('letters'), item: LETTERS })).toEqual([]);
  expect(promises([first], made, { copies: copies('broken'), item: LETTERS })).toEqual(['misplaced']);
});

test('what is retried in a queue waits on when its item is put', () => {
  const retried = logged(first, 'retry', 'failed', { status: 429, loggedAt: 1 });
  const versions = [version({ qos: 'auto' }), version({ qos: 'auto' }, { from: 20_000 })];
  expect(promises([first], waited(38_000), { attempts: retried, versions })).toEqual(['too early']);
});

test('a batch that got a Retry-After and is sent one by one waits for nothing', () => {
  const divided = logged(first, 'one-by-one', 'rejected', { status: 429, loggedAt: 1 });
  expect(promises([first], waited(0), { attempts: divided })).toEqual([]);
});
