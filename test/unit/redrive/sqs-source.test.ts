// The letters of an SQS queue: what is received is looked at, or becomes visible again, whatever fails beside it.
import { ChangeMessageVisibilityBatchCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { SourceUnreadable } from '#lib/redrive/source.ts';
import { openQueue } from '#lib/redrive/sqs-source.ts';

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
