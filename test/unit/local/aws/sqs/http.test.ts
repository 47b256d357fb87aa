// The protocol on a real socket, where a client of the SDK would not show it, and long polls whose callers go away.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createManualClock } from '#lib/local/aws/clock.ts';
import { createSqs, type RunningSqs, startSqs } from '#lib/local/aws/sqs/server.ts';

const clock = createManualClock();
let running: RunningSqs;
let QueueUrl: string;

const post = (target: string, body: object | string, signal?: AbortSignal) =>
  fetch(running.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${target}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });

const waitingIs = async (count: number): Promise<void> => {
  while (running.sqs.queue('wire').waiting() !== count) await turn();
};

beforeEach(async () => {
  running = await startSqs({ sqs: createSqs({ clock }) });
  await post('CreateQueue', { QueueName: 'wire' });
  QueueUrl = `${running.url}/000000000000/wire`;
});

afterEach(() => running.close());

it('an unknown operation is refused by name', async () => {
  const answer = await post('AddPermission', { QueueUrl });
  expect(answer.status).toBe(400);
  expect(answer.headers.get('x-amzn-query-error')).toBe('InvalidAction;Sender');
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining('AddPermission') });
});

it('a body that is not JSON is refused', async () => {
  expect((await post('ListQueues', '{')).status).toBe(400);
});

it('the query protocol is refused in a shape that its clients can read', async () => {
  const answer = await fetch(running.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=ListQueues&Version=2012-11-05',
  });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(/<ErrorResponse>.*JSON protocol/);
});

it('a lost answer drops the connection, and is done', async () => {
  running.sqs.faults.add({ operation: 'SendMessage', kind: 'lost-answer' });
  await expect(post('SendMessage', { QueueUrl, MessageBody: 'x' })).rejects.toThrow();
  expect(running.sqs.queue('wire').counts().visible).toBe(1);
});

it('a poll whose caller has gone takes no message', async () => {
  const { port, hostname } = new URL(running.url);
  const body = JSON.stringify({ QueueUrl, WaitTimeSeconds: 20 });
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST / HTTP/1.1\r\nhost: ${hostname}\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await waitingIs(1);
  socket.destroy();
  await once(socket, 'close');
  await waitingIs(0);
  await post('SendMessage', { QueueUrl, MessageBody: 'x' });
  expect(running.sqs.queue('wire').counts()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
});

it('a poll is answered with nothing when its time is up', async () => {
  const polled = post('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
  await waitingIs(1);
  clock.advance(20_000);
  expect(await (await polled).json()).toEqual({});
});

it('a poll gets all of a batch that is sent meanwhile, and the next poll what is left', async () => {
  const poll = () => post('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 3 });
  const first = poll();
  await waitingIs(1);
  const second = poll();
  await waitingIs(2);
  const Entries = ['1', '2', '3', '4'].map((Id) => ({ Id, MessageBody: Id }));
  await post('SendMessageBatch', { QueueUrl, Entries });
  expect(await (await first).json()).toMatchObject({
    Messages: [{ Body: '1' }, { Body: '2' }, { Body: '3' }],
  });
  expect(await (await second).json()).toMatchObject({ Messages: [{ Body: '4' }] });
});

it('deleting a queue ends its polls', async () => {
  const polled = post('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
  await waitingIs(1);
  await post('DeleteQueue', { QueueUrl });
  expect((await polled).headers.get('x-amzn-query-error')).toMatch(/NonExistentQueue/);
});
