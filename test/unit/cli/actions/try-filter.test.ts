import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readSampleMessages } from '#lib/cli/actions/sample-messages.ts';
import { tryMessage } from '#lib/cli/actions/try-filter.ts';
import { readItems } from '#lib/cli/terminal/input.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { RULES } from '#test/support/route-world.ts';

const io = (text = '') => ({ stdin: Readable.from([text]) as unknown as NodeJS.ReadStream });

async function sampleSubscription(name: string) {
  const [given] = await readItems(`events/subscription-${name}.json`, io());
  const parsed = parseSubscription(given?.item, RULES);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.subscription;
}

const messagesOf = (...files: string[]) => Promise.all(files.map((file) => readSampleMessages(file, io())));

test('the sample message goes through to the sample subscription', async () => {
  const subscription = await sampleSubscription('filter');
  const [[message] = []] = await messagesOf('events/filter-message.json');
  if (message === undefined) throw new Error('there is no message');
  expect(tryMessage(message, subscription)).toMatchObject({ passes: true, failures: [] });
  const marked = { ...message, headers: { 'x-test': '1' } };
  expect(tryMessage(marked, subscription).failures.map(({ path }) => path)).toEqual(['headers.x-test']);
  const other = { ...message, topic: 'invoice.paid' };
  expect(tryMessage(other, subscription).failures).toEqual([
    { path: 'topic', reason: 'the message has "invoice.paid"; the subscription gets order.*, refund.paid' },
  ]);
});

test('an event of route is read as route reads it', async () => {
  const [[byTopic], [byId]] = (await messagesOf(
    'events/route-topic.json',
    'events/route-subscription.json',
  )) as [Awaited<ReturnType<typeof readSampleMessages>>, Awaited<ReturnType<typeof readSampleMessages>>];
  expect(byTopic).toMatchObject({ topic: 'orders', headers: { 'x-tenant': 'acme' } });
  if (byId === undefined) throw new Error('there is no message');
  expect(tryMessage(byId, { id: 'acme-orders' })).toMatchObject({ passes: true });
  expect(tryMessage(byId, { id: 'other' })).toMatchObject({ passes: false });
});

test.each([
  ['{"detail": {}}', 'detail'],
  ['{"body": 1, "headers": {"a": 1}}', 'headers.a'],
  ['{"Records": [5]}', 'record 1: is no record of SQS'],
  [
    '{"Records": [{"body": "x", "messageId": "1", "attributes": {}, "messageAttributes": {}}]}',
    'undeliverable',
  ],
])('%s is refused with what is wrong', async (text, told) => {
  await expect(readSampleMessages('-', io(text))).rejects.toThrow(told);
});

test('a text is a body as it is, and anything else is one as JSON', async () => {
  const bodies = async (text: string) => (await readSampleMessages('-', io(text))).map(({ body }) => body);
  expect(await bodies('{"body": "hello"}')).toEqual(['hello']);
  expect(await bodies('{"body": {"a": 1}}')).toEqual(['{"a":1}']);
  expect(await bodies('{"topic": "orders"}')).toEqual(['']);
});
