// Filters and topics on the local set: what is registered with the command line decides what arrives at the callback.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webhooks } from '#test/support/cli.ts';
import type { Ended } from '#test/support/cli-program.ts';
import { bodiesOf, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
let put: Ended;
beforeAll(async () => {
  rig = await startRig();
  // Before the first message: route reads the subscriptions to several topics once in five seconds.
  put = await cli(['subscriptions', 'put', '-'], JSON.stringify(manyTopics()));
});
afterAll(() => rig?.close());

const cli = (args: readonly string[], stdin = '') => webhooks(args, { endpointUrl: rig.set.url, stdin });
const MANY = '/many-topics';
const manyTopics = () => ({
  id: 'many-topics',
  qos: 'at-least-once',
  topics: ['many.*', 'many.a', 'else'],
  filter: { headers: { 'X-Kind': ['paid'] } },
  configuration: { callbackUrl: `${rig.receiver.url}${MANY}`, metrics: true },
});
const body = (kind: string, n: number) => JSON.stringify({ kind, n });

test('only what passes the filter arrives, also with null, and a message that names the subscription', async () => {
  const one = await rig.subscribe({
    topic: 'filtered',
    qos: 'at-least-once',
    filter: { body: { $or: [{ kind: [{ prefix: 'pa' }, null] }, { n: [{ numeric: ['>', 8] }] }] } },
  });
  const group = 'filtered';
  await rig.set.publish(body('open', 1), { topic: 'filtered', group });
  await rig.set.publish('{"kind":null}', { topic: 'filtered', group });
  await rig.set.publish(body('open', 2), { subscription: one.id, group });
  await rig.set.publish('no JSON', { topic: 'filtered', group });
  await rig.set.publish(body('paid', 3), { topic: 'filtered', group });
  await rig.set.publish(body('open', 9), { topic: 'filtered', group });
  expect(bodiesOf(await one.requests(4))).toEqual([
    '{"kind":null}',
    body('open', 2),
    body('paid', 3),
    body('open', 9),
  ]);
});

test('an item with topics is put with its place in the index, and gets each topic once', async () => {
  expect(put).toMatchObject({ code: 0 });
  const attributes = { headers: JSON.stringify({ 'x-kind': 'paid' }) };
  for (const topic of ['many.a', 'another', 'many.b.c', 'else'])
    await rig.set.publish(JSON.stringify(topic), { topic, attributes, group: 'many' });
  await rig.set.publish('"unpaid"', { topic: 'else', group: 'many' });
  await rig.set.publish('"last"', { topic: 'else', attributes, group: 'many' });
  const requests = await rig.receiver.requests(MANY, 4);
  expect(bodiesOf(requests)).toEqual(['"many.a"', '"many.b.c"', '"else"', '"last"']);

  const tried = await cli(
    ['filter', 'try', 'many-topics', '--event', '-', '--json'],
    JSON.stringify({ topic: 'many.x', headers: { 'x-kind': 'open' } }),
  );
  expect(JSON.parse(tried.stdout)).toMatchObject([
    { subscription: 'many-topics', passes: false, failures: [{ path: 'headers.x-kind' }] },
  ]);
});

test('status shows the topics of a subscription to several', async () => {
  const json = await cli(['status', '--json']);
  const [line] = JSON.parse(json.stdout).filter(
    ({ subscription }: { subscription: string }) => subscription === 'many-topics',
  );
  expect(line).toMatchObject({ topic: '*', topics: ['many.*', 'many.a', 'else'] });
  expect((await cli(['status'])).stdout).toMatch(/^many-topics +many\.\*, many\.a, else +going/m);
});

test('put --dry-run --event says what would go through, and puts nothing', async () => {
  const dry = await cli([
    'subscriptions',
    'put',
    'events/subscription-filter.json',
    '--skip-dns',
    '--dry-run',
    '--event',
    'events/filter-message.json',
  ]);
  expect(dry.stdout).toContain('events/filter-message.json: goes through to large-orders.');
  expect(await cli(['subscriptions', 'get', 'large-orders'])).toMatchObject({ code: 1 });
  expect(await cli(['subscriptions', 'put', '-', '--event', 'events/filter-message.json'])).toMatchObject({
    code: 2,
  });
});
