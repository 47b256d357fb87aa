// How subscriptions are, all of them, and what waits in one: page by page, as the CLI asks for it.
import { expect, test } from 'vitest';
import { parseResumeRequest, type ResumeRequest } from '#lib/resume/request.ts';
import { MINUTE, publishMany, SECOND } from '#test/support/moments.ts';
import { createWorld, type World } from '#test/support/world.ts';

async function asked(world: World, request: ResumeRequest) {
  const asking = world.ask(request);
  await world.pass(SECOND);
  const said = await asking;
  if (said === 'killed') throw new Error('killed');
  return said;
}

/** All pages of an answer, joined; and how many there were. */
async function all(world: World, request: ResumeRequest, list: string) {
  const found: Record<string, unknown>[] = [];
  for (let pages = 1, cursor: unknown; ; pages++) {
    const parsed = parseResumeRequest({ ...request, ...(cursor !== undefined && { cursor }) });
    if (!parsed.ok) throw new Error(parsed.answer.message);
    const said = await asked(world, parsed.request);
    const page = said[list];
    if (!said.ok || !Array.isArray(page)) throw new Error(said.message);
    found.push(...page);
    cursor = said.cursor;
    if (cursor === undefined) return { found, pages };
  }
}

test('every subscription is listed once: phase, reason, and backlog', async () => {
  const world = createWorld();
  const ids = Array.from({ length: 130 }, (_, index) => `s${String(index).padStart(3, '0')}`);
  for (const id of ids) world.put(id);
  world.sweepEveryMinute();
  world.script.answer = ({ subscription }) => ({ status: subscription === 's007' ? 400 : 200 });
  for (const id of ['s007', 's008']) publishMany(world, id, 5);
  await world.pass(15 * MINUTE);
  const { found, pages } = await all(world, { action: 'status', limit: 60 }, 'subscriptions');
  expect(pages).toBeGreaterThan(2);
  expect(found.map(({ subscription }) => subscription).sort()).toEqual(ids);
  expect(found.filter(({ phase }) => phase !== 'going')).toMatchObject([
    {
      subscription: 's007',
      phase: 'stopped',
      pause: { reason: 'rejected', detail: 'the callback answered 400' },
      backlog: 5,
      oldestAt: expect.any(Number),
    },
  ]);
  expect(found.find(({ subscription }) => subscription === 's008')).toMatchObject({
    phase: 'going',
    closedLanes: [],
    backlog: undefined,
  });
});

test('a subscription to several topics is listed with them, as far as a line has room', async () => {
  const world = createWorld();
  const put = (id: string, named: object) => world.tables.put('subscriptions', { id, ...named });
  put('one', { topic: 'orders' });
  put('several', { topic: '*', topics: ['order.*', 'refund'] });
  put('many', { topic: '*', topics: Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(128, 'x')) });
  put('wrong', { topic: '*', topics: 'orders' });
  const { found } = await all(world, { action: 'status', limit: 60 }, 'subscriptions');
  const of = (id: string) => found.find(({ subscription }) => subscription === id);
  expect(of('one')).toMatchObject({ topic: 'orders' });
  expect(of('one')).not.toHaveProperty('topics');
  expect(of('several')).toMatchObject({ topic: '*', topics: ['order.*', 'refund'] });
  expect(of('wrong')).toMatchObject({ topic: '*', phase: 'going' });
  expect(of('many')?.topics).toEqual(['0'.padEnd(128, 'x'), '1'.padEnd(128, 'x'), '…']);
});

test('the status of a slow subscription says so, and since when', async () => {
  const world = createWorld();
  world.put('slow');
  world.script.answer = () => ({ status: 200, afterMs: 8_000 });
  const publishedAt = world.now();
  publishMany(world, 'slow', 3);
  await world.pass(5 * SECOND);
  const answer = await asked(world, { subscription: 'slow', action: 'status' });
  expect(answer).toMatchObject({ ok: true, phase: 'going', slow: { since: expect.any(Number) } });
  expect(answer.message).toContain('slow');
  const { since } = answer.slow as { since: number };
  expect(since - publishedAt).toBeGreaterThanOrEqual(3 * SECOND);
  expect(since - publishedAt).toBeLessThan(5 * SECOND);
});

test('a count from the time of a pause is not shown after the resume', async () => {
  const world = createWorld();
  world.put('acme');
  world.sweepEveryMinute();
  await asked(world, { subscription: 'acme', action: 'pause' });
  publishMany(world, 'acme', 5);
  await world.pass(15 * MINUTE);
  expect(await asked(world, { subscription: 'acme', action: 'status' })).toMatchObject({ backlog: 5 });
  await asked(world, { subscription: 'acme', action: 'resume' });
  await world.pass(MINUTE);
  const one = await asked(world, { subscription: 'acme', action: 'status' });
  expect(one).toMatchObject({ phase: 'going', backlog: undefined, oldestAt: undefined });
});

test('a foreign state item is listed as such, and hides no other', async () => {
  const world = createWorld();
  world.put('acme');
  world.put('broken');
  world.tables.put('state', { pk: 'sub#broken', sk: 'state', version: 'x' });
  const { found } = await all(world, { action: 'status' }, 'subscriptions');
  expect(found).toMatchObject([
    { subscription: 'acme', phase: 'going' },
    { subscription: 'broken', phase: 'unreadable' },
  ]);
});

test('a backlog is listed lane by lane, in order, page by page, without bodies', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'auto', lanes: 3 });
  await asked(world, { subscription: 'acme', action: 'pause' });
  const ids = publishMany(world, 'acme', 40);
  await world.pass(MINUTE);
  const { found, pages } = await all(
    world,
    { subscription: 'acme', action: 'list-backlog', limit: 7 },
    'waiting',
  );
  expect(pages).toBeGreaterThan(5);
  expect(found.map(({ messageId }) => messageId).sort()).toEqual(ids);
  expect(found.map(({ lane }) => Number(lane))).toEqual(found.map(({ lane }) => Number(lane)).sort());
  for (const lane of [0, 1, 2]) {
    const request: ResumeRequest = { subscription: 'acme', action: 'list-backlog', lane, limit: 100 };
    const own = (await all(world, request, 'waiting')).found;
    expect(own).toEqual(found.filter((one) => one.lane === lane));
    // The sort key is the sequence number and the id.
    const lined = world.entries('acme').map(({ sk }) => String(sk).split('#')[1]);
    const ownIds = own.map(({ messageId }) => String(messageId));
    expect(ownIds).toEqual(lined.filter((id = '') => ownIds.includes(id)));
  }
  expect(Object.keys(found[0] ?? {}).sort()).toEqual(
    ['attempt', 'lane', 'messageId', 'parkedAt', 'publishedAt', 'topic'].sort(),
  );
});

test('held messages are listed page by page', async () => {
  const world = createWorld();
  world.put('acme', { qos: 'at-most-once' });
  world.script.answer = () => ({ status: 500 });
  world.sweepEveryMinute();
  publishMany(world, 'acme', 9);
  await world.pass(120 * MINUTE);
  const held = world.held('acme').map(({ sk }) => sk);
  expect(held.length).toBeGreaterThan(5);
  const { found, pages } = await all(world, { subscription: 'acme', action: 'list-held', limit: 2 }, 'held');
  expect(pages).toBeGreaterThan(2);
  expect(found.map(({ messageId }) => messageId)).toEqual(held);
});

test('a status counts the held messages of each subscription, up to 20', async () => {
  const world = createWorld();
  for (const id of ['few', 'many', 'healthy']) world.put(id, { qos: 'at-most-once' });
  world.script.answer = ({ subscription }) => ({ status: subscription === 'healthy' ? 200 : 500 });
  for (const id of ['few', 'healthy']) publishMany(world, id, 1);
  publishMany(world, 'many', 30);
  world.sweepEveryMinute();
  await world.pass(600 * MINUTE);
  expect(world.held('few')).toHaveLength(1);
  expect(world.held('many').length).toBeGreaterThan(20);
  const { found } = await all(world, { action: 'status' }, 'subscriptions');
  const heldIn = (id: string) => {
    const { held, heldIsAtLeast } = found.find(({ subscription }) => subscription === id) ?? {};
    return { held, heldIsAtLeast };
  };
  expect(heldIn('few')).toEqual({ held: 1, heldIsAtLeast: undefined });
  expect(heldIn('many')).toEqual({ held: 20, heldIsAtLeast: true });
  expect(heldIn('healthy')).toEqual({ held: undefined, heldIsAtLeast: undefined });
  expect(await asked(world, { subscription: 'few', action: 'status' })).toMatchObject({ held: 1 });
});

test.each([
  [{ action: 'status', limit: 251 }, 'limit'],
  [{ action: 'status', subscription: 'acme', limit: 5 }, 'subscription'],
  [{ action: 'list-backlog' }, 'subscription'],
  [{ action: 'list-backlog', subscription: 'acme', cursor: '0:1' }, 'cursor'],
  [{ action: 'list-backlog', subscription: 'acme', limit: 101 }, 'limit'],
])('%j is refused, and %s is named', (request, name) => {
  const parsed = parseResumeRequest(request);
  expect(parsed).toMatchObject({ ok: false, answer: { message: expect.stringContaining(`${name}: `) } });
});
