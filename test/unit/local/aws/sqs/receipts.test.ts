// Receipts of FIFO messages under each switch, and the bounds of visibility.
import { describe, expect, it } from 'vitest';
import { bodies, createTestSqs } from '#test/support/sqs-in-process.ts';

const expired = {
  status: 400,
  queryError: 'InvalidParameterValue;Sender',
  body: { message: expect.stringContaining('The receipt handle has expired') },
};

describe('switches', () => {
  it.each([
    ['success', { status: 200 }],
    ['error', expired],
  ] as const)('deleting a deleted FIFO message: %s', async (fifoDeletedAgain, answer) => {
    const { sqs, send, receive, remove } = await createTestSqs('switches.fifo');
    sqs.switches.fifoDeletedAgain = fifoDeletedAgain;
    await send('g', 'x');
    const [message] = await receive();
    expect(await remove(message)).toMatchObject({ status: 200 });
    expect(await remove(message)).toMatchObject(answer);
  });

  it.each([
    ['error', expired],
    ['success', { status: 200 }],
  ] as const)('a late FIFO delete: %s, and the message stays either way', async (fifoLateDelete, answer) => {
    const { sqs, clock, send, receive, remove } = await createTestSqs('switches.fifo');
    sqs.switches.fifoLateDelete = fifoLateDelete;
    await send('g', 'x');
    const [message] = await receive();
    clock.advance(30_000);
    expect(await remove(message)).toMatchObject(answer);
    const [again] = await receive();
    expect(again?.Body).toBe('x');
    expect(await remove(message)).toMatchObject(answer);
    expect(sqs.queue('switches.fifo').counts().inFlight).toBe(1);
    expect(await remove(again)).toMatchObject({ status: 200 });
    expect(sqs.queue('switches.fifo').counts().inFlight).toBe(0);
  });

  it('a first message given back goes out at once, alone, where the switch follows AWS', async () => {
    const { sqs, send, receive, changeVisibility } = await createTestSqs('switches.fifo');
    sqs.switches.fifoGivenBack = 'at-once';
    await send('g', '1', '2', '3');
    const [first] = await receive({ MaxNumberOfMessages: 2 });
    await changeVisibility(first, 0);
    expect(bodies(await receive())).toEqual(['1']);
  });

  it('a first message given back goes out with its group once the others are settled', async () => {
    const { clock, send, receive, changeVisibility, remove } = await createTestSqs('switches.fifo');
    await send('g', '1', '2', '3', '4');
    const [first, second, third] = await receive({ MaxNumberOfMessages: 3 });
    await changeVisibility(first, 0);
    await remove(third);
    expect(await receive()).toEqual([]);
    await changeVisibility(second, 5);
    clock.advance(5000);
    expect(bodies(await receive())).toEqual(['1', '2', '4']);
  });
});

describe('given back', () => {
  it('a message does not ride along behind an earlier one while a later one is in flight', async () => {
    const { clock, send, receive, changeVisibility } = await createTestSqs('back.fifo');
    await send('g', '1', '2', '3');
    const [first, second] = await receive();
    await changeVisibility(first, 1);
    await changeVisibility(second, 0);
    clock.advance(1000);
    expect(bodies(await receive())).toEqual(['1']);
  });

  it('a message is like any other once it has been received again', async () => {
    const { clock, send, receive, changeVisibility } = await createTestSqs('back.fifo');
    await send('g', '1', '2');
    for (const message of await receive()) await changeVisibility(message, 0);
    const [, second] = await receive();
    await changeVisibility(second, 60);
    clock.advance(30_000);
    expect(bodies(await receive())).toEqual(['1']);
  });
});

describe('visibility', () => {
  it.each(['bounds', 'bounds.fifo'])('in %s cannot be changed by an old handle', async (name) => {
    const { clock, send, receive, changeVisibility } = await createTestSqs(name);
    await send('g', 'x');
    const [old] = await receive();
    clock.advance(30_000);
    await receive();
    expect(await changeVisibility(old, 0)).toMatchObject({ status: 400 });
    expect(await receive()).toEqual([]);
  });

  it('lasts 12 hours from the receive at most, whatever is asked for', async () => {
    const { clock, send, receive, changeVisibility } = await createTestSqs('bounds.fifo');
    await send('g', 'x');
    const [message] = await receive();
    clock.advance(10_000);
    expect(await changeVisibility(message, 43_190)).toMatchObject({ status: 200 });
    expect(await changeVisibility(message, 43_191)).toMatchObject({
      queryError: 'InvalidParameterValue;Sender',
    });
    expect(await changeVisibility(message, 43_201)).toMatchObject({
      queryError: 'InvalidParameterValue;Sender',
    });
  });

  it('of a receive with 0 ends at once, and the next receive starts after it', async () => {
    const { send, receive } = await createTestSqs('bounds.fifo');
    await send('a', 'a1', 'a2');
    await send('b', 'b1');
    expect(bodies(await receive({ MaxNumberOfMessages: 2, VisibilityTimeout: 0 }))).toEqual(['a1', 'a2']);
    expect(bodies(await receive())).toEqual(['b1', 'a1', 'a2']);
  });

  it('of a deleted message cannot be changed', async () => {
    const { send, receive, remove, changeVisibility } = await createTestSqs('bounds');
    await send('', 'x');
    const [message] = await receive();
    await remove(message);
    expect(await changeVisibility(message, 10)).toMatchObject({
      queryError: 'InvalidParameterValue;Sender',
    });
  });

  it('a handle of another queue is none', async () => {
    const { call, createQueue, send, receive } = await createTestSqs('bounds');
    const QueueUrl = await createQueue('other');
    await send('', 'x');
    const [message] = await receive();
    const ReceiptHandle = message?.ReceiptHandle;
    expect(await call('DeleteMessage', { QueueUrl, ReceiptHandle })).toMatchObject({ status: 404 });
  });

  it('a standard delete by an old handle is a success without effect', async () => {
    const { clock, send, receive, remove, counts } = await createTestSqs('bounds');
    await send('', 'x');
    const [message] = await receive();
    clock.advance(30_000);
    await receive();
    expect(await remove(message)).toMatchObject({ status: 200 });
    expect(counts().inFlight).toBe(1);
  });
});

describe('receive attempts', () => {
  it('a repeated attempt holds the messages anew, under the same handles', async () => {
    const { clock, send, receive, remove } = await createTestSqs('attempts.fifo');
    await send('g', '1', '2');
    const [first] = await receive({ ReceiveRequestAttemptId: 'a' });
    clock.advance(20_000);
    const [again] = await receive({ ReceiveRequestAttemptId: 'a' });
    expect(again).toEqual(first);
    clock.advance(20_000);
    expect(await remove(first)).toMatchObject({ status: 200 });
  });

  it('an attempt of which a message was changed is a new receive', async () => {
    const { send, receive, changeVisibility } = await createTestSqs('attempts.fifo');
    await send('a', 'a1');
    const [first] = await receive({ ReceiveRequestAttemptId: 'a' });
    await changeVisibility(first, 60);
    await send('b', 'b1');
    expect(bodies(await receive({ ReceiveRequestAttemptId: 'a' }))).toEqual(['b1']);
  });

  it('a change of visibility before the attempt does not matter', async () => {
    const { send, receive, changeVisibility } = await createTestSqs('attempts.fifo');
    await send('a', 'a1');
    const [message] = await receive();
    await changeVisibility(message, 0);
    const first = await receive({ ReceiveRequestAttemptId: 'a' });
    expect(await receive({ ReceiveRequestAttemptId: 'a' })).toEqual(first);
  });

  it('an attempt is forgotten after five minutes', async () => {
    const { clock, send, receive } = await createTestSqs('attempts.fifo');
    await send('a', 'a1');
    await receive({ ReceiveRequestAttemptId: 'a', VisibilityTimeout: 600 });
    clock.advance(5 * 60_000);
    expect(await receive({ ReceiveRequestAttemptId: 'a' })).toEqual([]);
  });
});
