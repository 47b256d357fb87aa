// What can be sent: ids, delays, sizes, characters, attributes, batches.
// Judges lib/local/aws/sqs, or the server at AWS_ENDPOINT_URL_SQS.
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { describe, expect } from 'vitest';
import { bodies, sqsUnderTest, type TestQueue } from '#test/support/sqs-under-test.ts';

const sqs = sqsUnderTest({
  elasticmq: {
    'an empty batch is refused': 'takes it',
    'a batch of more than 1 MiB is refused': 'answers InvalidAttributeValue',
  },
});
const { check, standardQueue, fifoQueue, send, receive, elapse } = sqs;

const sendBatch = (queue: TestQueue, Entries: SendMessageBatchRequestEntry[]) =>
  sqs.call(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));

const entries = (count: number, body: string): SendMessageBatchRequestEntry[] =>
  Array.from({ length: count }, (_, n) => ({ Id: `entry-${n}`, MessageBody: body }));

describe('ids', () => {
  check('a FIFO message needs a group', async () => {
    const queue = await fifoQueue();
    await expect(send(queue, 'x', { MessageDeduplicationId: '1' })).rejects.toMatchObject({
      name: expect.stringMatching(/MissingParameter|Invalid/),
    });
  });

  check('a FIFO message needs a deduplication id where the content is none', async () => {
    const queue = await fifoQueue();
    await expect(send(queue, 'x', { MessageGroupId: 'g' })).rejects.toThrow();
  });

  check('a standard message may have a group, which is returned and blocks nothing', async () => {
    const queue = await standardQueue();
    const [first, second] = entries(2, 'x').map((entry) => ({ ...entry, MessageGroupId: 'tenant' }));
    const { Failed = [] } = await sendBatch(queue, first && second ? [first, second] : []);
    expect(Failed).toEqual([]);
    await send(queue, 'x', { MessageGroupId: 'tenant' });
    const early = await receive(queue, { MaxNumberOfMessages: 1 });
    const rest = await receive(queue);
    expect(early.length + rest.length).toBe(3);
    expect(early[0]?.Attributes?.MessageGroupId).toBe('tenant');
  });
});

describe('delays', () => {
  check('a standard message is delayed by its DelaySeconds', async () => {
    const queue = await standardQueue();
    await send(queue, 'x', { DelaySeconds: 1 });
    expect(await receive(queue)).toEqual([]);
    expect(await sqs.attributesOf(queue)).toMatchObject({ ApproximateNumberOfMessagesDelayed: '1' });
    await elapse(1000);
    expect(bodies(await receive(queue))).toEqual(['x']);
  });

  check('a delay of more than 900 seconds is refused', async () => {
    const queue = await standardQueue();
    await expect(send(queue, 'x', { DelaySeconds: 901 })).rejects.toThrow();
  });

  check('a FIFO message has no delay of its own', async () => {
    const queue = await fifoQueue();
    const ids = { MessageGroupId: 'g', MessageDeduplicationId: '1' };
    await expect(send(queue, 'x', { ...ids, DelaySeconds: 1 })).rejects.toThrow();
  });

  check('a FIFO queue delays all its messages', async () => {
    const queue = await fifoQueue({ DelaySeconds: '1' });
    await sqs.sendTo(queue, 'g', 'x');
    expect(await receive(queue)).toEqual([]);
    await elapse(1000);
    expect(bodies(await receive(queue))).toEqual(['x']);
  });
});

describe('size and content', () => {
  check('300 KiB are taken: the limit is 1 MiB', async () => {
    const queue = await standardQueue();
    await send(queue, 'x'.repeat(300 * 1024));
  });

  check('1.1 MB are refused', async () => {
    const queue = await standardQueue();
    await expect(send(queue, 'x'.repeat(1100 * 1024))).rejects.toMatchObject({
      name: expect.stringMatching(/Invalid/),
    });
  });

  check('a character that is none of XML is refused', async () => {
    const queue = await standardQueue();
    await expect(send(queue, 'a\u0001b')).rejects.toThrow();
  });

  // The SDK checks the MD5 of the body by itself, not that of the attributes.
  check('attributes of every type come back, and the trace header', async () => {
    const queue = await standardQueue();
    const sent = await send(queue, 'x', {
      MessageAttributes: {
        text: { DataType: 'String', StringValue: 'é' },
        number: { DataType: 'Number', StringValue: '1' },
        bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 2) },
        custom: { DataType: 'String.json', StringValue: '{}' },
      },
      MessageSystemAttributes: {
        AWSTraceHeader: {
          DataType: 'String',
          StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793',
        },
      },
    });
    const [message] = await receive(queue);
    expect(message?.MessageAttributes).toMatchObject({
      text: { StringValue: 'é' },
      number: { StringValue: '1' },
      custom: { StringValue: '{}', DataType: 'String.json' },
    });
    expect(message?.MessageAttributes?.bytes?.BinaryValue).toHaveLength(2);
    expect(message?.Attributes?.AWSTraceHeader).toMatch(/^Root=1-/);
    // As ElasticMQ computes it, too.
    const digest = '9cd5b80d11c1997d1cefbce95bbc9319';
    expect(sent.MD5OfMessageAttributes).toBe(digest);
    expect(message?.MD5OfMessageAttributes).toBe(digest);
  });

  check('an eleventh attribute is refused', async () => {
    const queue = await standardQueue();
    const eleven = Array.from({ length: 11 }, (_, n) => [`a${n}`, { DataType: 'String', StringValue: 'v' }]);
    await expect(send(queue, 'x', { MessageAttributes: Object.fromEntries(eleven) })).rejects.toThrow();
  });
});

describe('batches', () => {
  check('a batch keeps its order', async () => {
    const queue = await fifoQueue();
    const ten = Array.from({ length: 10 }, (_, n) => String(n));
    const ordered = ten.map((n) => ({
      Id: `entry-${n}`,
      MessageBody: n,
      MessageGroupId: 'g',
      MessageDeduplicationId: n,
    }));
    await sendBatch(queue, ordered);
    expect(bodies(await receive(queue))).toEqual(ten);
  });

  check('an eleventh entry is refused, with the whole batch', async () => {
    const queue = await standardQueue();
    await expect(sendBatch(queue, entries(11, 'x'))).rejects.toMatchObject({
      name: 'TooManyEntriesInBatchRequest',
    });
  });

  check('entries with the same id are refused, with the whole batch', async () => {
    const queue = await standardQueue();
    await expect(sendBatch(queue, [...entries(1, 'x'), ...entries(1, 'y')])).rejects.toMatchObject({
      name: 'BatchEntryIdsNotDistinct',
    });
  });

  check('an empty batch is refused', async () => {
    const queue = await standardQueue();
    await expect(sendBatch(queue, [])).rejects.toMatchObject({ name: 'EmptyBatchRequest' });
  });

  check('a batch of more than 1 MiB is refused', async () => {
    const queue = await standardQueue();
    await expect(sendBatch(queue, entries(5, 'x'.repeat(230 * 1024)))).rejects.toMatchObject({
      name: 'BatchRequestTooLong',
    });
  });
});
