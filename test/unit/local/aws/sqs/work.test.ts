// A receive must not look at messages that it does not hand out: counted in messages and groups looked at, not in time.
import { expect, it } from 'vitest';
import { createTestSqs } from '#test/support/sqs-in-process.ts';

const BLOCKED = 40_000;
const FREE_GROUPS = 1000;
const PER_FREE_GROUP = 10;

it('a group of 40,000 messages that is blocked costs the other groups nothing', async () => {
  const { sqs, ask, receive, counts } = await createTestSqs('work.fifo');
  const sendTen = (group: string, from: number) =>
    ask('SendMessageBatch', {
      Entries: Array.from({ length: 10 }, (_, n) => ({
        Id: `entry-${n}`,
        MessageBody: `${from + n}`,
        MessageGroupId: group,
        MessageDeduplicationId: `${group}:${from + n}`,
      })),
    });
  for (let n = 0; n < BLOCKED; n += 10) await sendTen('blocked', n);
  const [head] = await receive({ MaxNumberOfMessages: 1, VisibilityTimeout: 43_200 });
  expect(head?.Body).toBe('0');
  for (let n = 0; n < FREE_GROUPS; n++) await sendTen(`free-${n}`, 0);

  const queue = sqs.queue('work.fifo');
  const before = queue.inspected();
  let received = 0;
  let receives = 0;
  for (let messages = await receive(); messages.length > 0; messages = await receive()) {
    receives++;
    received += messages.length;
    const Entries = messages.map(({ ReceiptHandle }, n) => ({ Id: `entry-${n}`, ReceiptHandle }));
    await ask('DeleteMessageBatch', { Entries });
  }
  expect(received).toBe(FREE_GROUPS * PER_FREE_GROUP);
  // One look at each message and, per receive, one at each group that it takes from.
  expect(queue.inspected() - before).toBeLessThanOrEqual(received + 2 * receives);
  expect(counts()).toEqual({ visible: BLOCKED - 1, inFlight: 1, delayed: 0 });
});

it('a long standard queue costs one look at each message that is received', async () => {
  const { sqs, ask, receive } = await createTestSqs('work');
  const Entries = Array.from({ length: 10 }, (_, n) => ({ Id: `entry-${n}`, MessageBody: 'x' }));
  for (let n = 0; n < 1000; n++) await ask('SendMessageBatch', { Entries });
  let received = 0;
  for (let messages = await receive(); messages.length > 0; messages = await receive()) {
    received += messages.length;
  }
  expect(received).toBe(10_000);
  // The message and its lane, which is its own in a standard queue.
  expect(sqs.queue('work').inspected()).toBe(2 * received);
});

it('messages that were deleted while they were visible cost nothing', async () => {
  const { sqs, clock, send, receive, remove } = await createTestSqs('work');
  await send('', ...Array.from({ length: 10 }, () => 'x'));
  const messages = await receive();
  clock.advance(30_000);
  for (const message of messages) await remove(message);
  const before = sqs.queue('work').inspected();
  expect(await receive()).toEqual([]);
  expect(sqs.queue('work').inspected()).toBe(before);
});
