// `webhooks publish` on the local set: what the callback gets of what was given.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webhooks } from '#test/support/cli.ts';
import { bodiesOf, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
const scratch = mkdtempSync(join(tmpdir(), 'publish-'));
beforeAll(async () => {
  rig = await startRig({ schedules: false });
  // Before the first message: `route` keeps the subscriptions to several topics for some seconds.
  const configuration = { callbackUrl: `${rig.receiver.url}/beginning` };
  await rig.set.putSubscription({ id: 'beginning', topic: '*', topics: ['order.*'], configuration });
});
afterAll(async () => {
  rmSync(scratch, { recursive: true });
  await rig?.close();
});

const run = (args: readonly string[], stdin = '') =>
  webhooks(['publish', ...args], { endpointUrl: rig.set.url, stdin });

test('topic, id, content type and headers arrive', async () => {
  const one = await rig.subscribe();
  const headers = ['--header', 'x-tenant: acme', '--header', 'x-colon:a:b'];
  expect(
    await run(['--topic', one.topic, '--id', 'order-7', '--content-type', 'text/plain', ...headers, 'hi']),
  ).toEqual({ code: 0, stdout: 'Published with the id order-7.\n', stderr: '' });
  const [request] = await one.requests(1);
  expect(request?.body.toString()).toBe('hi');
  expect(request?.headers).toMatchObject({
    'webhook-id': 'order-7',
    'content-type': 'text/plain',
    'x-tenant': 'acme',
    'x-colon': 'a:b',
  });
});

test('a * in the topic of a message stands for itself, and a note says so', async () => {
  const exact = await rig.subscribe({ topic: 'order.created' });
  const ended = await run(['--topic', 'order.*', '--id', 'star', 'hi']);
  expect(ended).toMatchObject({ code: 0, stdout: 'Published with the id star.\n' });
  expect(ended.stderr).toMatch(/^A \* in the topic of a message stands for itself/);
  await run(['--topic', 'order.created', '--id', 'created', 'hi']);
  const idOf = ({ headers }: { headers: Record<string, unknown> }) => headers['webhook-id'];
  expect((await rig.receiver.requests('/beginning', 2)).map(idOf).sort()).toEqual(['created', 'star']);
  expect((await exact.requests(1)).map(idOf)).toEqual(['created']);
});

test('any bytes from a file or from standard input arrive unchanged, also none', async () => {
  const one = await rig.subscribe();
  const bytes = Buffer.from([0, 255, 128, 10, 27]);
  writeFileSync(join(scratch, 'bytes'), bytes);
  expect(await run(['--subscription', one.id, '--file', join(scratch, 'bytes')])).toMatchObject({ code: 0 });
  expect((await one.requests(1))[0]?.body).toEqual(bytes);
  expect(await run(['--subscription', one.id, '--file', '-'], 'grüß\n')).toMatchObject({ code: 0 });
  expect((await one.requests(2))[1]?.body.toString()).toBe('grüß\n');
  expect(await run(['--subscription', one.id, '--file', '-'])).toMatchObject({ code: 0 });
  expect((await one.requests(3))[2]?.body).toEqual(Buffer.alloc(0));
});

test('a message that SQS could not take at once is sent again', async () => {
  const one = await rig.subscribe();
  rig.sqs.faults.add({ operation: 'SendMessageBatch', queue: 'messages', kind: 'refuse-entries', times: 2 });
  expect(await run(['--topic', one.topic, '--id', 'again', 'hi'])).toMatchObject({
    code: 0,
    stdout: 'Published with the id again.\n',
  });
  expect((await one.requests(1))[0]?.headers['webhook-id']).toBe('again');
});

test('many messages in a group arrive in order, each with its id', async () => {
  const one = await rig.subscribe({ qos: 'at-least-once' });
  const { stdout } = await run([
    '--topic',
    one.topic,
    '--group',
    'g',
    '--id',
    'm',
    '--count',
    '25',
    'x',
    '--json',
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ published: 25 });
  const ids = (await one.requests(25)).map(({ headers }) => headers['webhook-id']);
  expect(ids).toEqual(Array.from({ length: 25 }, (_, index) => `m-${index + 1}`));
});

test('many messages without a group all arrive', async () => {
  const one = await rig.subscribe();
  expect((await run(['--topic', one.topic, '--count', '123', '"x"'])).stdout).toBe(
    'Published 123 messages.\n',
  );
  expect(bodiesOf(await one.requests(123))).toHaveLength(123);
});

test('a CloudEvent needs no topic', async () => {
  const one = await rig.subscribe({ topic: 'com.example.order' });
  const event = { specversion: '1.0', id: '1', source: '/shop', type: 'com.example.order', data: {} };
  expect(await run([JSON.stringify(event)])).toMatchObject({ code: 0 });
  await one.requests(1);
});

test.each([
  [['{}'], 2, 'Name the receiver with --topic or --subscription: '],
  [['--topic', 't'], 2, 'Give one payload: as the argument, or with --file'],
  [['--topic', 't', '--file', 'nowhere', 'x'], 2, 'Give one payload'],
  [['--topic', 't', '--file', 'nowhere'], 1, "nowhere can't be read: there is no such file."],
  [
    ['--topic', 't', '--id', 'a b', 'x'],
    2,
    'The message would be undeliverable: attribute id: must be 1 to 128 visible',
  ],
  [['--topic', 't', '--content-type', 'x', 'x'], 2, 'attribute content-type: is not a media type'],
  [['--topic', 't', '--header', 'x', 'x'], 2, '--header is "x"; it must be a name and a value'],
  [['--topic', 't', '--count', '0', 'x'], 2, 'It must be 1 to 9999999.'],
])('%j is refused before anything is sent', async (args, code, told) => {
  const refused = await run(args);
  expect(refused).toMatchObject({ code, stdout: '' });
  expect(refused.stderr).toContain(told);
});

test("a message above the queue's limit is refused with both numbers", async () => {
  const refused = await run(['--topic', 't', '--file', '-'], 'x'.repeat(917_504));
  expect(refused.stderr).toMatch(
    /^The message has 917516 bytes with its attributes; the queue's limit is 917504/,
  );
  expect(refused.code).toBe(1);
});

test('a key travels with the message, and chooses the lane of a subscription that orders by key', async () => {
  const one = await rig.subscribe({
    qos: 'at-least-once',
    order: 'key',
    configuration: { http: { maxConcurrentConnections: 20 } },
  });
  expect(await run(['--topic', one.topic, '--key', 'customer-4', '--count', '5', 'x'])).toMatchObject({
    code: 0,
  });
  expect(await one.requests(5)).toHaveLength(5);
  expect(await run(['--topic', one.topic, '--key', '', 'x'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('must not be empty'),
  });
});
