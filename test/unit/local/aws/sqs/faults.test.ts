// Faults and the call log, seen from the calls that they are about.
import { expect, it } from 'vitest';
import { bodies, createTestSqs } from '#test/support/sqs-in-process.ts';

it('an error is answered with 500, and nothing was done', async () => {
  const { sqs, ask, counts } = await createTestSqs('faults');
  sqs.faults.add({ operation: 'SendMessage', kind: 'error' });
  expect(await ask('SendMessage', { MessageBody: 'x' })).toMatchObject({
    status: 500,
    queryError: 'InternalError;Receiver',
  });
  expect(counts().visible).toBe(0);
  expect((await ask('SendMessage', { MessageBody: 'x' })).status).toBe(200);
});

it('a throttled call is told so, and nothing was done', async () => {
  const { sqs, ask, counts } = await createTestSqs('faults');
  sqs.faults.add({ operation: 'SendMessage', kind: 'throttle' });
  expect(await ask('SendMessage', { MessageBody: 'x' })).toMatchObject({
    status: 403,
    body: { __type: 'com.amazonaws.sqs#RequestThrottled' },
  });
  expect(counts().visible).toBe(0);
});

it('a lost answer was done', async () => {
  const { sqs, ask, counts } = await createTestSqs('faults');
  sqs.faults.add({ operation: 'SendMessage', kind: 'lost-answer' });
  expect(await ask('SendMessage', { MessageBody: 'x' })).toMatchObject({ dropped: true });
  expect(counts().visible).toBe(1);
});

it('refused entries are failed and not done, the others of the batch are', async () => {
  const { sqs, ask, receive } = await createTestSqs('faults');
  sqs.faults.add({ operation: 'SendMessageBatch', kind: 'refuse-entries', entries: ['b'] });
  const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: Id }));
  expect(await ask('SendMessageBatch', { Entries })).toMatchObject({
    status: 200,
    body: {
      Successful: [{ Id: 'a' }, { Id: 'c' }],
      Failed: [{ Id: 'b', Code: 'InternalError', SenderFault: false }],
    },
  });
  expect(bodies(await receive())).toEqual(['a', 'c']);
});

it('without ids, all entries are refused', async () => {
  const { sqs, ask, receive } = await createTestSqs('faults');
  sqs.faults.add({ operation: 'DeleteMessageBatch', queue: 'faults', kind: 'refuse-entries' });
  await ask('SendMessage', { MessageBody: 'x' });
  const [message] = await receive();
  const Entries = [{ Id: 'a', ReceiptHandle: message?.ReceiptHandle }];
  expect((await ask('DeleteMessageBatch', { Entries })).body).toMatchObject({
    Successful: [],
    Failed: [{ Id: 'a' }],
  });
});

it('a fault for one queue leaves the calls on others alone', async () => {
  const { sqs, call, createQueue } = await createTestSqs('faults');
  const QueueUrl = await createQueue('other');
  sqs.faults.add({ operation: 'SendMessage', queue: 'faults', kind: 'error' });
  expect((await call('SendMessage', { QueueUrl, MessageBody: 'x' })).status).toBe(200);
  expect(sqs.faults.pending()).toBe(1);
});

it('calls are counted by operation and queue, entries too, until they are reset', async () => {
  const { sqs, ask, clock } = await createTestSqs('counted');
  sqs.calls.reset();
  const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: Id }));
  await ask('SendMessageBatch', { Entries });
  await ask('SendMessageBatch', { Entries });
  await ask('SendMessage', { MessageBody: 'x' });
  expect(sqs.calls.count()).toBe(3);
  expect(sqs.calls.count({ operation: 'SendMessageBatch', queue: 'counted' })).toBe(2);
  expect(sqs.calls.entries({ queue: 'counted' })).toBe(7);
  expect(sqs.calls.count({ queue: 'other' })).toBe(0);
  expect(sqs.calls.list().at(-1)).toEqual({
    operation: 'SendMessage',
    queue: 'counted',
    entries: 1,
    at: clock.now(),
  });
  sqs.calls.reset();
  expect(sqs.calls.count()).toBe(0);
  expect(sqs.calls.list()).toEqual([]);
});

it('the list of calls forgets the oldest, their count does not', async () => {
  const { sqs } = await createTestSqs('counted');
  sqs.calls.reset();
  for (let n = 0; n < 25_000; n++) {
    sqs.calls.add({ operation: 'SendMessage', queue: 'counted', entries: 1, at: n });
  }
  expect(sqs.calls.count()).toBe(25_000);
  expect(sqs.calls.list()).toHaveLength(10_000);
  expect(sqs.calls.list().at(-1)?.at).toBe(24_999);
});
