// Long polls: what ends the wait at once.
// Judges lib/local/aws/sqs, or the server at AWS_ENDPOINT_URL_SQS.
import { expect } from 'vitest';
import { bodies, sqsUnderTest, type TestQueue } from '#test/support/sqs-under-test.ts';

const sqs = sqsUnderTest();
const { check, standardQueue, fifoQueue, send, sendTo, receive, remove, elapse, untilPolling, atOnce } = sqs;

const poll = (queue: TestQueue) => receive(queue, { WaitTimeSeconds: 20 });

check('a message that is sent', async () => {
  const queue = await standardQueue();
  const polled = poll(queue);
  await untilPolling(queue);
  await send(queue, 'x');
  expect(bodies(await atOnce(polled))).toEqual(['x']);
});

check('a visibility that ends', async () => {
  const queue = await fifoQueue();
  await sendTo(queue, 'g', 'x');
  await receive(queue, { VisibilityTimeout: 1 });
  const polled = poll(queue);
  await untilPolling(queue);
  await elapse(1000);
  expect(bodies(await atOnce(polled))).toEqual(['x']);
});

check('a group that is freed by a delete', async () => {
  const queue = await fifoQueue();
  await sendTo(queue, 'g', 'x', 'y');
  const [message] = await receive(queue, { MaxNumberOfMessages: 1 });
  const polled = poll(queue);
  await untilPolling(queue);
  await remove(queue, message);
  expect(bodies(await atOnce(polled))).toEqual(['y']);
});
