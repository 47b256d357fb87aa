// The letters of an SQS queue: what is received is looked at, or becomes visible again, whatever fails beside it. A page of
// them is limited by the memory that they take.
import { ChangeMessageVisibilityBatchCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { SourceUnreadable } from '#lib/redrive/source.ts';
import { openQueue } from '#lib/redrive/sqs-source.ts';
import { attributeOf } from '#test/support/letters.ts';
import { createMemoryQueues } from '#test/support/memory-queues.ts';
import { URLS } from '#test/support/redrive-world.ts';

/** A queue whose receives answer these, in turn: a letter by its receipt handle, or nothing; `undefined` fails. */
async function opened(answers: (string | '' | undefined)[]) {
  const shown: string[] = [];
  const sqs = {
    async send(command: { readonly input: { readonly Entries?: readonly { ReceiptHandle?: string }[] } }) {
      if (command instanceof GetQueueAttributesCommand)
        return { Attributes: { ApproximateNumberOfMessages: '0' } };
      if (command instanceof ChangeMessageVisibilityBatchCommand) {
        shown.push(...(command.input.Entries ?? []).map(({ ReceiptHandle = '' }) => ReceiptHandle));
        return { Successful: command.input.Entries };
      }
      const handle = answers.length === 0 ? '' : answers.shift();
      if (handle === undefined) throw Object.assign(new Error('slow down'), { name: 'RequestThrottled' });
      return { Messages: handle === '' ? [] : [{ Body: '{}', ReceiptHandle: handle }] };
    },
  };
  const clock = { now: () => 0, random: () => 0, wait: async () => {} };
  const deps = { sqs: sqs as never, queueUrl: 'https://sqs.us-east-1.amazonaws.com/1/letters', clock };
  const source = await openQueue({ endsAt: 60_000, dryRun: false }, deps);
  const read = () => source.read({ letters: 10, bytes: 1_000, until: 1 }, () => false);
  return { source, read, shown };
}

test('a receive that is throttled beside others hides none of their letters', async () => {
  const { source, read, shown } = await opened(['a', undefined, 'b', 'c', 'd']);
  expect(await read()).toEqual({ wanted: [], ended: true });
  expect((await source.progress()).seen).toBe(4);
  await source.close({ more: false });
  expect(shown.sort()).toEqual(['a', 'b', 'c', 'd']);
});

test('a queue of which nothing can be received is unreadable', async () => {
  const { read } = await opened(['', undefined, '', '', '']);
  await expect(read()).rejects.toThrow(SourceUnreadable);
});

const now = () => 0;
const clock = { now, random: () => 1, wait: async () => {} };
const KB = 1_000;

async function pageOf(letter: Parameters<typeof attributeOf>[0], bytes: number) {
  const memory = createMemoryQueues({ now });
  for (let n = 0; n < 30; n++)
    memory.put(URLS.rejected, { body: 'x', attributes: attributeOf({ ...letter, messageId: `m${n}` }) });
  const source = await openQueue(
    { endsAt: 1_000, dryRun: false },
    { sqs: memory.sqs, queueUrl: URLS.rejected, clock },
  );
  const { wanted } = await source.read({ letters: 30, bytes, until: 1 }, () => true);
  return wanted.length;
}

test.each([
  ['an excerpt', { excerpt: 'e'.repeat(100 * KB) }],
  ['a long header', { headers: { 'x-a': 'a'.repeat(30 * KB) } }],
  // A name takes memory of its own beside its characters.
  ['many headers', { headers: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x${n}`, ''])) }],
])('letters with %s are fewer in a page', async (_, letter) => {
  expect(await pageOf({}, 200 * KB)).toBe(30);
  expect(await pageOf(letter, 200 * KB)).toBeLessThanOrEqual(20);
});
