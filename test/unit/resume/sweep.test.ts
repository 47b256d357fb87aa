// The sweep's index and its budget, what is too slow, and what has waited too long.
import { expect, test } from 'vitest';
import { dueKeys, SHARDS } from '#lib/state/due.ts';
import { stateKey } from '#lib/state/keys.ts';
import { NO_STATE, type State } from '#lib/state/state.ts';
import { DAY, delivered, MINUTE, NOTHING, publishMany, remains, SECOND } from '#test/support/moments.ts';
import { createWorld, URLS, type World } from '#test/support/world.ts';

const named = (count: number): string[] => Array.from({ length: count }, (_, index) => `s${index}`);

/** So many subscriptions with one message each, rejected, and then put anew: all due at once. */
async function storm(
  count: number,
  drainBudget = 40,
  tenantOf: (id: string) => string | undefined = () => undefined,
): Promise<{ world: World; ids: string[] }> {
  const world = createWorld({ drainBudget, pageSize: 4 });
  const ids = named(count);
  const put = (id: string) => {
    const tenant = tenantOf(id);
    world.put(id, { ...(tenant && { tenant }) });
  };
  for (const id of ids) put(id);
  world.script.answer = () => ({ status: 400 });
  for (const id of ids) world.publish(id, `m-${id}`, id);
  await world.pass(MINUTE);
  for (const id of ids) put(id);
  world.script.answer = () => ({ status: 200, afterMs: 100 });
  await world.pass(10 * MINUTE);
  return { world, ids };
}

async function swept(world: World) {
  const sweeping = world.sweep();
  await world.pass(30 * SECOND);
  return await sweeping;
}

test("only subscriptions that wait are in the sweep's index", async () => {
  const world = createWorld();
  world.put('acme');
  publishMany(world, 'acme', 3);
  await world.pass(5 * SECOND);
  const due = () => world.tables.items('state').filter(({ dueAt }) => dueAt !== undefined);
  expect(due()).toEqual([]);
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  expect(due()).toMatchObject([
    { subscription: 'acme', dueAt: expect.any(Number), dueShard: expect.any(Number) },
  ]);
  world.sweepEveryMinute();
  void world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(5 * MINUTE);
  expect(due()).toEqual([]);
});

test('a sweep starts as many drains as its budget has left, and says that it is not through', async () => {
  const { world, ids } = await storm(25, 10);
  world.script.answer = () => ({ status: 200, afterMs: 9_000 });
  world.mappings.clear();
  expect(await swept(world)).toMatchObject({ started: 10, complete: false, failed: 0 });
  // These are under way: there is room for a tenth, so that drains without end keep nobody waiting for ever.
  expect(await swept(world)).toMatchObject({ started: 1, complete: false });
  // Unheard for two minutes they are no drains under way any more.
  await world.pass(2 * MINUTE);
  expect(await swept(world)).toMatchObject({ started: 10 });
  expect(ids).toHaveLength(25);
});

test('beside a tenant with many due subscriptions, those of another get their drains in the same sweep', async () => {
  const others = ['s97', 's98', 's99'];
  const isOther = (id: string) => others.includes(id);
  const { world, ids } = await storm(100, 40, (id) => (isOther(id) ? 'small' : 'large'));
  const large = ids.filter((id) => !isOther(id));
  const first = await swept(world);
  await world.pass(MINUTE);
  for (const id of others) expect(delivered(world, id)).toEqual([`m-${id}`]);
  expect(first).toMatchObject({ started: 13, failed: 0, complete: false });
  expect(large.filter((id) => delivered(world, id).length > 0)).toHaveLength(10);
  // The rest of the large tenant's come with the next sweeps.
  for (let sweeps = 0; sweeps < 9; sweeps++) {
    await swept(world);
    await world.pass(MINUTE);
  }
  for (const id of ids) expect(delivered(world, id)).toEqual([`m-${id}`]);
  expect(await swept(world)).toEqual({ looked: 0, started: 0, failed: 0, complete: true });
});

/** A world with 5,000 subscriptions of the tenant `large`, each with a lane that waits for its first token. No token arrives. */
function crowd() {
  const world = createWorld({ pageSize: 100 });
  world.mappings.clear();
  const put = (id: string, tenant: string, state: Partial<State> = {}) => {
    const whole = { ...NO_STATE, version: 1, drains: 1, lanes: { 0: waits(0) }, ...state };
    world.put(id, { tenant });
    world.tables.put('state', { ...stateKey(id), subscription: id, ...whole, ...dueKeys(id, whole) });
  };
  for (const id of named(5_000)) put(id, 'large');
  return { world, put };
}

const waits = (until: number) => ({ drain: 1, until, unheard: 0 });

test('behind 5,000 due subscriptions of one tenant, another’s drain starts in the same sweep, after few calls', async () => {
  const { world, put } = crowd();
  put('small', 'small', { lanes: { 0: waits(world.now() - 1) } });
  const calls = { Query: 0, BatchGet: 0, Get: 0 };
  world.script.fate = ({ command, input }) => {
    if (command === 'BatchGet' || command === 'Get') calls[command] += 1;
    // Those of the index. The census makes others, of one subscription each.
    if (command === 'Query' && JSON.stringify(input).includes('":from":0')) calls.Query += 1;
    return undefined;
  };
  expect(await swept(world)).toEqual({ looked: 11, started: 11, failed: 0, complete: false });
  expect((await world.state('small')).lanes[0]?.drain).toBe(2);
  // About four pages in each of 16 shards: for each a query, the tenants and the states.
  expect(calls.Query).toBeLessThan(100);
  expect(calls.BatchGet).toBeLessThan(150);
  expect(calls.Get).toBeLessThan(40);
});

test('beside 5,000 due subscriptions of one tenant, a slow subscription gets its slot at once', async () => {
  const { world, put } = crowd();
  const slow = { since: 1, at: 1, fast: 0, tenant: 'tenant small' };
  put('slow', 'small', { slow, lanes: { 0: waits(world.now() - 1) } });
  let isDone = false;
  const sweeping = world.sweep().then(() => {
    isDone = true;
  });
  await world.pass(SECOND);
  expect(isDone).toBe(false);
  expect((await world.state('slow')).lanes[0]?.until).toBeGreaterThan(world.now());
  await world.pass(30 * SECOND);
  await sweeping;
});

test('the corrected item of a tenant whose share is used ends the stop, and its drain waits', async () => {
  const { world, put } = crowd();
  const since = world.now() - 30 * MINUTE;
  const pause = { reason: 'rejected', since, detail: '', itemHash: 'before', failures: 1 } as const;
  put('corrected', 'large', { pause });
  expect(await swept(world)).toMatchObject({ looked: 11, started: 10, failed: 0 });
  const { pause: left, lanes } = await world.state('corrected');
  expect(left).toBeUndefined();
  expect(lanes[0]?.until).toBe(0);
});

test('the drains of a tenant that run already count for its share', async () => {
  const { world } = await storm(60, 40, (id) => (id === 's59' ? 'small' : 'large'));
  world.mappings.clear();
  expect(await swept(world)).toMatchObject({ started: 11 });
  // Of its quarter all are under way: one more, as for all together a tenth.
  expect(await swept(world)).toMatchObject({ started: 1, complete: false });
});

test('a person who resumes a subscription of many lanes starts a quarter of the drains at most', async () => {
  const world = createWorld({ drainBudget: 8 });
  world.put('acme', { order: 'key', lanes: 20 });
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  for (let index = 0; index < 60; index++) world.publish('acme', `m${index}`, `g${index}`);
  await world.pass(10 * SECOND);
  world.mappings.clear();
  const asked = world.ask({ subscription: 'acme', action: 'resume' });
  await world.pass(SECOND);
  expect(await asked).toMatchObject({ ok: true, drains: 2 });
});

test('within the budget everything that is due is found, page by page, in every shard', async () => {
  const { world, ids } = await storm(180, 1_000);
  expect(await swept(world)).toEqual({ looked: 180, started: 180, failed: 0, complete: true });
  await world.pass(MINUTE);
  for (const id of ids) expect(delivered(world, id)).toEqual([`m-${id}`]);
  expect(await swept(world)).toEqual({ looked: 0, started: 0, failed: 0, complete: true });
});

test('a thousand paused subscriptions are in all shards, and none has a fifth of them', () => {
  const paused = {
    ...NO_STATE,
    pause: { reason: 'manual', since: 0, detail: '', itemHash: '', failures: 0 },
  } as const;
  const shards = named(1_000).map((id) => dueKeys(id, paused)?.dueShard);
  const sizes = [...Map.groupBy(shards, (shard) => shard).values()].map(({ length }) => length);
  expect(sizes).toHaveLength(SHARDS);
  expect(Math.max(...sizes)).toBeLessThan(200);
});

test('a shard that can’t be read, and a subscription that can’t be looked at, hold up no other', async () => {
  const { world } = await storm(60, 1_000);
  let failed = 0;
  world.script.fate = ({ command, target }) => {
    if (target !== 'state') return undefined;
    if (command === 'Query' && failed === 0) {
      failed += 1;
      return undefined;
    }
    if (command === 'Get' && failed++ === 3) return 'fail';
    return undefined;
  };
  expect(await swept(world)).toMatchObject({ failed: 1, complete: true });
  world.script.fate = ({ command, input }) =>
    command === 'Query' && JSON.stringify(input).includes('":shard":3,":from":0') ? 'fail' : undefined;
  expect(await swept(world)).toMatchObject({ failed: 0, complete: false });
  expect(world.lines.some((line) => line.includes('sweep.shard-not-read {"shard":3'))).toBe(true);
});

test('a lane that is healthy but too slow goes through the backlog, in order, and then not any more', async () => {
  const world = createWorld({ environment: { LAG_SECONDS: '20' } });
  world.put('acme');
  world.sweepEveryMinute();
  world.script.answer = () => ({ status: 200, afterMs: 500 });
  const ids: string[] = [];
  // Ten a second for a minute, two a second go.
  for (let index = 0; index < 600; index++) {
    const id = `m${String(index).padStart(3, '0')}`;
    ids.push(id);
    world.agenda.in(index * 100, () => world.publish('acme', id));
  }
  let most = 0;
  for (let at = 0; at < 80; at++) {
    await world.pass(SECOND);
    if (at > 40) most = Math.max(most, world.memory.left(URLS.deliveries));
  }
  // What stands in the queue is what came during a slice, and no more.
  expect(most).toBeLessThan(120);
  expect(world.entries('acme').length).toBeGreaterThan(200);
  await world.pass(10 * MINUTE);
  expect(delivered(world, 'acme')).toEqual(ids);
  expect(await remains(world, 'acme')).toEqual(NOTHING);
  const parked = world.counts.get('Parked');
  publishMany(world, 'acme', 3);
  await world.pass(5 * SECOND);
  expect(world.counts.get('Parked')).toBe(parked);
});

test.each([['letters'], [undefined]])(
  'after the days of the deployment what waits is a dead letter with a dlq (%s), else undeliverable',
  async (dlq) => {
    const world = createWorld({ retentionDays: 3 });
    world.put('acme', { ...(dlq && { dlq }) });
    world.sweepEveryMinute();
    void world.ask({ subscription: 'acme', action: 'pause' });
    await world.pass(SECOND);
    publishMany(world, 'acme', 30);
    await world.pass(DAY);
    world.publish('acme', 'young');
    await world.pass(1.9 * DAY);
    expect(world.entries('acme')).toHaveLength(31);
    await world.pass(0.2 * DAY);
    expect(world.entries('acme').map(({ body }) => body)).toEqual(['"young"']);
    const old = world.idsOn(dlq ? URLS.deadLetters : URLS.undeliverable);
    expect(new Set(old).size).toBe(30);
    expect(old).toHaveLength(30);
    expect((await world.state('acme')).pause?.reason).toBe('manual');
    expect(world.idsOn(dlq ? URLS.undeliverable : URLS.deadLetters)).toEqual([]);
    void world.ask({ subscription: 'acme', action: 'resume' });
    await world.pass(MINUTE);
    expect(delivered(world, 'acme')).toEqual(['young']);
    expect(world.ledger.breaches).toEqual([]);
  },
);

test('the state tells how much waits, and since when', async () => {
  const world = createWorld();
  world.put('acme');
  world.sweepEveryMinute();
  void world.ask({ subscription: 'acme', action: 'pause' });
  await world.pass(SECOND);
  const since = world.now();
  publishMany(world, 'acme', 60);
  await world.pass(15 * MINUTE);
  const said = world.ask({ subscription: 'acme', action: 'status' });
  await world.pass(SECOND);
  const status = await said;
  expect(status).toMatchObject({ ok: true, phase: 'stopped', closedLanes: [0], backlog: 60 });
  expect(status === 'killed' ? 0 : Number(status.oldestAt) - since).toBeLessThan(30 * SECOND);
});
