// Poison messages: a crash of the function counts only against the message that was being worked on; a fault of AWS counts
// against no message.
import { describe, expect, test } from 'vitest';
import { attemptSuspectEntry } from '#lib/deliver/poison.ts';
import {
  delivered,
  MINUTE,
  NOTHING,
  nth,
  publishMany,
  remains,
  rest,
  SECOND,
} from '#test/support/moments.ts';
import { createWorld, URLS, type World } from '#test/support/world.ts';

const killer = (world: World, id: string) => {
  world.script.answer = ({ messageId }) => (messageId === id ? { kill: true } : { status: 200 });
};

async function pausedWith(dlq: string | undefined, count: number): Promise<World> {
  const world = createWorld();
  world.put('acme', { ...(dlq && { dlq }) });
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  publishMany(world, 'acme', count);
  await world.pass(10 * SECOND);
  killer(world, 'm05');
  world.sweepEveryMinute();
  void world.ask({ subscription: 'acme', action: 'resume' });
  return world;
}

describe('an entry that kills the function while it is drained', () => {
  test('is a dead letter where there is a dlq; those before and behind it in its page are delivered', async () => {
    const world = await pausedWith('letters', 9);
    await rest(world, 'acme');
    expect(world.idsOn(URLS.deadLetters)).toEqual(['m05']);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03', 'm04', 'm06', 'm07', 'm08', 'm09']);
    expect(await remains(world, 'acme')).toEqual(NOTHING);
  });

  test('without a dlq stops the subscription as crashing, and is the head that a person decides about', async () => {
    const world = await pausedWith(undefined, 7);
    await world.pass(30 * MINUTE);
    expect((await world.state('acme')).pause).toMatchObject({
      reason: 'crashing',
      head: { messageId: 'm05' },
    });
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03', 'm04']);
    expect(world.ledger.of('acme', 'm05').length).toBeLessThanOrEqual(5);
    void world.ask({ subscription: 'acme', action: 'skip-head' });
    await world.pass(MINUTE);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03', 'm04', 'm06', 'm07']);
  });

  test('is tried anew, from nothing, when somebody lets it go on', async () => {
    const world = await pausedWith(undefined, 6);
    await world.pass(30 * MINUTE);
    world.script.answer = () => ({ status: 200 });
    // Its token is handed back once, so that starts are counted.
    world.script.fate = nth(
      1,
      'fail',
      ({ function: name, command }) => name === 'deliver' && command === 'BatchGet',
    );
    void world.ask({ subscription: 'acme', action: 'resume' });
    await rest(world, 'acme');
    expect(delivered(world, 'acme')).toEqual(['m01', 'm02', 'm03', 'm04', 'm05', 'm06']);
    expect(world.announced.filter(({ type }) => type === 'subscription.paused')).toHaveLength(2);
  });
});

describe('a message that kills the function from the queue', () => {
  test('ends as a dead letter, its neighbours are delivered', async () => {
    const world = createWorld();
    world.put('acme', { dlq: 'letters' });
    world.put('other');
    killer(world, 'm02');
    publishMany(world, 'acme', 4);
    for (const id of ['x1', 'x2', 'x3']) world.publish('other', id);
    world.sweepEveryMinute();
    await rest(world, 'acme');
    expect(world.idsOn(URLS.deadLetters)).toEqual(['m02']);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm03', 'm04']);
    expect(delivered(world, 'other')).toEqual(['x1', 'x2', 'x3']);
    expect((await world.state('other')).pause).toBeUndefined();
  });

  test('under at-most-once is sent once, and set aside as lost', async () => {
    const world = createWorld();
    world.put('acme', { qos: 'at-most-once' });
    killer(world, 'm02');
    publishMany(world, 'acme', 3);
    await rest(world, 'acme');
    expect(world.ledger.of('acme', 'm02')).toHaveLength(1);
    expect(world.held('acme')).toMatchObject([{ sk: 'm02', reason: 'lost' }]);
    expect(delivered(world, 'acme')).toEqual(['m01', 'm03']);
    expect((await world.state('acme')).pause).toBeUndefined();
  });
});

describe.each(['fail', 'lose'] as const)('AWS itself does not answer (%s)', (fate) => {
  test('for two minutes: nobody is paused, nothing is lost, and nothing goes round at full speed', async () => {
    const invocations = new Set<string>();
    const world = createWorld({
      watch: (call, invocation) => void (call.function === 'deliver' && invocations.add(invocation)),
    });
    const subscriptions = ['a', 'b', 'c'];
    for (const id of subscriptions) world.put(id);
    world.sweepEveryMinute();
    for (const id of subscriptions) for (let n = 0; n < 5; n++) world.publish(id, `${id}${n}`, id);
    world.script.fate = ({ command, target }) =>
      command !== 'SendMessageBatch' && target !== 'deliveries.fifo' && world.random() < 0.8
        ? fate
        : undefined;
    await world.pass(2 * MINUTE);
    // Three lanes, each tried again after 5, 10, 20, 40 s: a few dozen at most, where full speed would be thousands.
    expect(invocations.size).toBeLessThan(60);
    world.script.fate = () => undefined;
    await world.pass(10 * MINUTE);
    for (const id of subscriptions) {
      expect(delivered(world, id)).toEqual([0, 1, 2, 3, 4].map((n) => `${id}${n}`));
      expect(await remains(world, id)).toEqual(NOTHING);
    }
    expect(world.announced).toEqual([]);
  });
});

test('a fault of AWS in a drain is not charged to the entry that it was at', async () => {
  const world = createWorld();
  world.put('acme');
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  const ids = publishMany(world, 'acme', 3);
  await world.pass(10 * SECOND);
  world.script.answer = ({ messageId }) => (messageId === 'm01' ? { status: 400 } : { status: 200 });
  world.sweepEveryMinute();
  // What the rejection makes of the state fails: the token comes back, again and again.
  world.script.fate = ({ function: name, command }) =>
    name === 'deliver' && command === 'Put' ? 'fail' : undefined;
  void world.ask({ subscription: 'acme', action: 'resume' });
  let most = 0;
  for (let at = 0; at < 600; at++) {
    await world.pass(SECOND);
    most = Math.max(most, ...world.entries('acme').map(({ starts }) => Number(starts)));
  }
  expect(world.ledger.of('acme', 'm01').length).toBeGreaterThan(4);
  // The one that is under way.
  expect(most).toBeLessThanOrEqual(1);
  world.script.fate = () => undefined;
  world.script.answer = () => ({ status: 200 });
  await world.pass(5 * MINUTE);
  void world.ask({ subscription: 'acme', action: 'resume' });
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(ids);
  expect(world.announced.map(({ detail }) => detail.reason)).not.toContain('crashing');
});

test('a start in a drain is taken back if only the answer to its count was lost', async () => {
  const written: unknown[] = [];
  const deps = {
    crashingAtStarts: 3,
    attempt: () => Promise.resolve('settled'),
    now: () => 0,
    stateTable: {
      async set(_: unknown, { starts }: { starts: number }) {
        written.push(starts);
        if (starts === 3) throw new Error('no answer');
        return true;
      },
    },
  };
  const entry = { sk: '1', starts: 2 } as never;
  const context = { registration: { id: 'acme' }, lane: 0 } as never;
  await expect(attemptSuspectEntry(entry, context, deps as never)).rejects.toThrow('no answer');
  expect(written).toEqual([3, 2]);
});

test('a start in a drain is taken back, also while DynamoDB fails for a moment', async () => {
  const entry = { sk: '1', starts: 2 } as never;
  const context = { registration: { id: 'acme' }, lane: 0 } as never;
  const written: unknown[] = [];
  let time = 0;
  const deps = {
    crashingAtStarts: 3,
    attempt: () => Promise.reject(new Error('AWS')),
    now: () => time,
    random: () => 0,
    wait: async (ms: number) => {
      time += ms;
    },
    stateTable: {
      async set(_: unknown, { starts }: { starts: number }) {
        if (starts === 2 && time < 1_000) throw new Error('throttled');
        written.push(starts);
        return true;
      },
    },
  };
  await expect(attemptSuspectEntry(entry, context, deps as never)).rejects.toThrow('AWS');
  expect(written).toEqual([3, 2]);
});

test('a lane whose lock can’t be made to last is not worked on, nor is any message of it', async () => {
  const world = createWorld();
  world.put('acme');
  // To SQS they are somebody else's by now.
  world.memory.faults.entry = (operation) => (operation === 'hide' ? 'ReceiptHandleIsInvalid' : undefined);
  const ids = publishMany(world, 'acme', 9);
  await world.pass(20 * MINUTE);
  expect(world.ledger.of('acme')).toEqual([]);
  world.memory.faults.entry = undefined;
  await world.pass(10 * MINUTE);
  expect(world.lines.some((line) => line.includes('lanes.not-ours'))).toBe(true);
  expect(delivered(world, 'acme')).toEqual(ids);
  expect(world.announced).toEqual([]);
});

test('a start that ends well or in an outage takes its count back, so that only deaths add up', async () => {
  const world = createWorld();
  world.put('acme', { retry: { kind: 'none' } });
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  const ids = publishMany(world, 'acme', 3);
  await world.pass(10 * SECOND);
  world.script.answer = () => ({ status: 503 });
  // Every token is handed back once, and is suspicious from then on.
  const seen = new Set<string>();
  world.script.fate = ({ command, input }) => {
    const tokens = world.tokens(URLS.deliveries, 'stored').filter(({ receives }) => receives === 1);
    const fresh = tokens.find(({ id }) => !seen.has(id));
    if (command !== 'BatchGet' || fresh === undefined || !JSON.stringify(input).includes('acme'))
      return undefined;
    seen.add(fresh.id);
    return 'fail';
  };
  world.sweepEveryMinute();
  void world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(5 * MINUTE);
  expect(world.ledger.of('acme').length).toBeGreaterThan(3);
  expect(world.entries('acme').map(({ starts }) => starts)).toEqual([0, 0, 0]);
  world.script.answer = () => ({ status: 200 });
  await rest(world, 'acme');
  expect(delivered(world, 'acme')).toEqual(ids);
});

test('nor to a message from the queue: that it came so often was not its fault', async () => {
  const world = createWorld();
  world.put('acme');
  world.script.answer = () => ({ status: 400 });
  world.script.fate = ({ function: name, command }) =>
    name === 'deliver' && command === 'Put' ? 'fail' : undefined;
  publishMany(world, 'acme', 2);
  await world.pass(15 * MINUTE);
  expect(world.ledger.of('acme', 'm01').length).toBeGreaterThan(6);
  world.script.fate = () => undefined;
  await world.pass(5 * MINUTE);
  expect(world.announced.map(({ detail }) => detail.reason)).toEqual(['rejected']);
});
