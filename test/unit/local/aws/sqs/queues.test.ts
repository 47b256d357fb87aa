// What time and settings do to queues and to the messages in them, and how queues come and go.
import { describe, expect, it } from 'vitest';
import { bodies, createTestSqs } from '#test/support/sqs-in-process.ts';

describe('messages', () => {
  it('a deduplication id is free again after five minutes', async () => {
    const { clock, ask, counts } = await createTestSqs('dedup.fifo');
    const message = { MessageBody: 'x', MessageGroupId: 'g', MessageDeduplicationId: 'same' };
    await ask('SendMessage', message);
    clock.advance(5 * 60_000 - 1);
    await ask('SendMessage', message);
    expect(counts().visible).toBe(1);
    clock.advance(1);
    await ask('SendMessage', message);
    expect(counts().visible).toBe(2);
  });

  it('a deduplication id stays taken for all of its five minutes, however many are sent meanwhile', async () => {
    const { clock, ask, counts } = await createTestSqs('dedup.fifo');
    const sendId = (MessageDeduplicationId: string) =>
      ask('SendMessage', { MessageBody: 'x', MessageGroupId: 'g', MessageDeduplicationId });
    await sendId('first');
    clock.advance(4 * 60_000);
    await sendId('watched');
    clock.advance(60_000);
    await sendId('third');
    clock.advance(3 * 60_000);
    await sendId('watched');
    expect(counts().visible).toBe(3);
  });

  it('a message is gone when its retention ends, in flight or not, and frees its group', async () => {
    const { clock, ask, send, receive } = await createTestSqs('old.fifo', { MessageRetentionPeriod: '60' });
    await send('g', '1');
    clock.advance(30_000);
    await send('g', '2');
    await receive({ MaxNumberOfMessages: 1, VisibilityTimeout: 600 });
    expect(await receive()).toEqual([]);
    clock.advance(30_000);
    expect(bodies(await receive())).toEqual(['2']);
    await ask('SetQueueAttributes', { Attributes: { MessageRetentionPeriod: '120' } });
    clock.advance(60_000);
    expect(bodies(await receive())).toEqual(['2']);
  });

  it('a new delay counts for what was sent before in a FIFO queue, and not in a standard one', async () => {
    for (const [name, visible] of [
      ['delayed.fifo', 1],
      ['delayed', 0],
    ] as const) {
      const { clock, ask, send, counts } = await createTestSqs(name, { DelaySeconds: '60' });
      await send('g', 'x');
      await ask('SetQueueAttributes', { Attributes: { DelaySeconds: '10' } });
      clock.advance(10_000);
      expect(counts().visible).toBe(visible);
    }
  });

  it('a queue can take less than 1 MiB', async () => {
    const { ask } = await createTestSqs('small', { MaximumMessageSize: '1024' });
    const attribute = { a: { DataType: 'String', StringValue: 'v'.repeat(24 - 'aString'.length) } };
    const MessageBody = 'x'.repeat(1000);
    expect(await ask('SendMessage', { MessageBody, MessageAttributes: attribute })).toMatchObject({
      status: 200,
    });
    expect(
      await ask('SendMessage', { MessageBody: `${MessageBody}x`, MessageAttributes: attribute }),
    ).toMatchObject({
      queryError: 'InvalidParameterValue;Sender',
    });
  });

  it.each([
    ['an empty body', { MessageBody: '' }, 'MissingParameter'],
    ['no body', {}, 'MissingParameter'],
    ['half a surrogate pair', { MessageBody: 'a\ud800' }, 'InvalidMessageContents'],
    [
      'a deduplication id on a standard queue',
      { MessageBody: 'x', MessageDeduplicationId: 'd' },
      'InvalidParameterValue',
    ],
    ['a group with a space', { MessageBody: 'x', MessageGroupId: 'a b' }, 'InvalidParameterValue'],
    [
      'an attribute of no type',
      { MessageBody: 'x', MessageAttributes: { a: { DataType: 'Text', StringValue: 'v' } } },
      'InvalidParameterValue',
    ],
    [
      'an empty attribute',
      { MessageBody: 'x', MessageAttributes: { a: { DataType: 'String', StringValue: '' } } },
      'InvalidParameterValue',
    ],
    [
      'a Number that is none',
      { MessageBody: 'x', MessageAttributes: { a: { DataType: 'Number', StringValue: 'one' } } },
      'InvalidParameterValue',
    ],
    [
      'an attribute name of AWS',
      { MessageBody: 'x', MessageAttributes: { 'AWS.a': { DataType: 'String', StringValue: 'v' } } },
      'InvalidParameterValue',
    ],
    ['a body that is no string', { MessageBody: 1 }, 'MalformedInput'],
  ])('%s is refused', async (_, message, code) => {
    const { ask } = await createTestSqs('strict');
    expect(await ask('SendMessage', message)).toMatchObject({ status: 400, queryError: `${code};Sender` });
  });

  it('a character beyond the first plane is taken', async () => {
    const { ask } = await createTestSqs('strict');
    expect(await ask('SendMessage', { MessageBody: '🐘' })).toMatchObject({ status: 200 });
  });

  it('attributes are returned as asked for: by name, by prefix, or not at all', async () => {
    const { ask } = await createTestSqs('asked', { VisibilityTimeout: '0' });
    const MessageAttributes = Object.fromEntries(
      ['a.one', 'a.two', 'b'].map((name) => [name, { DataType: 'String', StringValue: 'v' }]),
    );
    await ask('SendMessage', { MessageBody: 'x', MessageAttributes });
    const names = async (wanted: string[] | undefined): Promise<string> => {
      const { body } = await ask('ReceiveMessage', { MessageAttributeNames: wanted });
      return JSON.stringify(body);
    };
    expect(await names(['a.*'])).toMatch(/a\.one.*a\.two/);
    expect(await names(['a.*'])).not.toContain('"b"');
    expect(await names(['b'])).toContain('"b"');
    expect(await names(undefined)).not.toContain('MessageAttributes');
  });
});

describe('queues', () => {
  it('are listed by name and prefix, page by page', async () => {
    const { call, createQueue } = await createTestSqs('b-1');
    for (const name of ['b-3', 'a-1', 'b-2']) await createQueue(name);
    const list = (input: object) => call('ListQueues', input);
    const urls = (...names: string[]) => names.map((name) => expect.stringMatching(`/${name}$`));
    expect((await list({})).body).toEqual({ QueueUrls: urls('a-1', 'b-1', 'b-2', 'b-3') });
    const { body } = await list({ QueueNamePrefix: 'b-', MaxResults: 2 });
    expect(body).toEqual({ QueueUrls: urls('b-1', 'b-2'), NextToken: expect.any(String) });
    const NextToken = Reflect.get(body, 'NextToken');
    const next = await list({ QueueNamePrefix: 'b-', MaxResults: 2, NextToken });
    expect(next.body).toEqual({ QueueUrls: urls('b-3') });
  });

  it('have URLs that begin with the host that the caller used', async () => {
    const { sqs } = await createTestSqs('hosted');
    const answer = await sqs.handle(
      'AmazonSQS.GetQueueUrl',
      { QueueName: 'hosted' },
      { host: 'localhost:4566' },
    );
    expect(answer.body).toEqual({ QueueUrl: 'http://localhost:4566/000000000000/hosted' });
  });

  it('are gone when deleted, and not made again for a minute', async () => {
    const { sqs, clock, call, ask } = await createTestSqs('brief');
    await ask('DeleteQueue');
    expect(await ask('SendMessage', { MessageBody: 'x' })).toMatchObject({
      queryError: 'AWS.SimpleQueueService.NonExistentQueue;Sender',
    });
    expect(() => sqs.queue('brief')).toThrow();
    expect(await call('CreateQueue', { QueueName: 'brief' })).toMatchObject({
      queryError: 'AWS.SimpleQueueService.QueueDeletedRecently;Sender',
    });
    clock.advance(60_000);
    expect(await call('CreateQueue', { QueueName: 'brief' })).toMatchObject({ status: 200 });
  });

  it('are purged once a minute at most, with what is in flight', async () => {
    const { clock, ask, send, receive, counts } = await createTestSqs('purged');
    await send('', '1', '2');
    await receive({ MaxNumberOfMessages: 1 });
    expect(await ask('PurgeQueue')).toMatchObject({ status: 200 });
    expect(counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(await ask('PurgeQueue')).toMatchObject({ status: 403 });
    clock.advance(60_000);
    expect(await ask('PurgeQueue')).toMatchObject({ status: 200 });
    expect(clock.pending()).toBe(0);
  });

  it.each([
    ['an unknown attribute', { Unknown: '1' }, 'InvalidAttributeName'],
    ['a FIFO attribute on a standard queue', { ContentBasedDeduplication: 'true' }, 'InvalidAttributeName'],
    ['a value out of range', { VisibilityTimeout: '43201' }, 'InvalidAttributeValue'],
    ['a value that is no number', { DelaySeconds: 'soon' }, 'InvalidAttributeValue'],
    ['a policy that is not JSON', { Policy: '{' }, 'InvalidAttributeValue'],
    ['a redrive allow policy that is not JSON', { RedriveAllowPolicy: '{' }, 'InvalidAttributeValue'],
    ['a redrive policy', { RedrivePolicy: '{}' }, 'AWS.SimpleQueueService.UnsupportedOperation'],
  ])('%s is refused, and changes nothing', async (_, Attributes, code) => {
    const { ask } = await createTestSqs('strict');
    const before = (await ask('GetQueueAttributes', { AttributeNames: ['All'] })).body;
    expect(await ask('SetQueueAttributes', { Attributes })).toMatchObject({ queryError: `${code};Sender` });
    expect((await ask('GetQueueAttributes', { AttributeNames: ['All'] })).body).toEqual(before);
  });

  it('have no redrive policy, which can be asked for', async () => {
    const { ask } = await createTestSqs('plain');
    const answer = await ask('GetQueueAttributes', { AttributeNames: ['RedrivePolicy', 'DelaySeconds'] });
    expect(answer.body).toEqual({ Attributes: { DelaySeconds: '0' } });
  });

  it.each([
    ['tags', 'CreateQueue', { QueueName: 'tagged', tags: { a: 'b' } }, 'tags on queues'],
    ['a move task', 'StartMessageMoveTask', { SourceArn: 'arn' }, 'the operation StartMessageMoveTask'],
  ])('%s: the refusal says that the local set does not serve it', async (_, operation, input, what) => {
    const { call } = await createTestSqs('plain');
    expect(await call(operation, input)).toMatchObject({
      status: 400,
      body: { message: `The local set does not serve ${what}.` },
    });
  });

  it('per-group throughput needs per-group deduplication', async () => {
    const { ask } = await createTestSqs('fast.fifo');
    const FifoThroughputLimit = 'perMessageGroupId';
    expect(await ask('SetQueueAttributes', { Attributes: { FifoThroughputLimit } })).toMatchObject({
      queryError: 'InvalidParameterValue;Sender',
    });
    const Attributes = { FifoThroughputLimit, DeduplicationScope: 'messageGroup' };
    expect(await ask('SetQueueAttributes', { Attributes })).toMatchObject({ status: 200 });
  });
});
