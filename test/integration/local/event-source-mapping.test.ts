import { afterEach, expect, test } from 'vitest';
import { type Clock, createManualClock } from '#lib/local/aws/clock.ts';
import { type RunningMapping, startEventSourceMapping } from '#lib/local/event-source-mapping.ts';
import type { InvocationReport } from '#lib/local/functions.ts';
import { createPollerClient } from '#lib/local/poller-client.ts';
import type { EventSourceMapping } from '#lib/local/template.ts';
import { startTestFunctions, type TestFunctions } from '#test/support/handlers.ts';
import { startQueue, type TestQueue } from '#test/support/queue.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Scenario = {
  /** The handler's body: `event`, `context` and `records` are at hand. */
  handler: string;
  /** Before the handler, once an environment. */
  setup?: string;
  queue?: string;
  attributes?: Record<string, string>;
  mapping?: Partial<EventSourceMapping>;
  timeoutSeconds?: number;
  maxEnvironments?: number;
  clock?: Clock;
  sleep?: (ms: number) => Promise<void>;
};

type Scene = {
  queue: TestQueue;
  functions: TestFunctions;
  mapping: RunningMapping;
  reports: InvocationReport[];
  errors: string[];
  /** Resolves with the reports once there are this many. */
  invocations(count: number): Promise<InvocationReport[]>;
};

async function scene(scenario: Scenario): Promise<Scene> {
  const { handler, setup = '', mapping: more, timeoutSeconds = 20, maxEnvironments = 8 } = scenario;
  const queue = await startQueue(scenario.queue ?? 'test', scenario.attributes, scenario.clock);
  closing.push(() => queue.close());
  const source = `${setup}
    const log = (what) => console.log(JSON.stringify(what));
    const pass = (ms) => new Promise((done) => setTimeout(done, ms));
    exports.handler = async (event, context) => { const records = event.Records; ${handler} };`;
  const functions = startTestFunctions({ work: { source, timeoutSeconds } }, { maxEnvironments });
  closing.push(() => functions.close());
  const reports: InvocationReport[] = [];
  const errors: string[] = [];
  functions.onInvocation((report) => reports.push(report));
  const pollers = createPollerClient(queue.sqs);
  closing.push(async () => pollers.destroy());
  const mapping = startEventSourceMapping(
    {
      id: 'Mapping',
      queueArn: queue.arn,
      functionName: 'test-work',
      enabled: true,
      batchSize: 10,
      batchingWindowSeconds: 0,
      maximumConcurrency: 10,
      reportsItemFailures: true,
      ...more,
    },
    {
      sqs: pollers.sqs,
      functions,
      queueUrl: queue.url,
      onError: (text) => errors.push(text),
      waitSeconds: 1,
      ...(scenario.sleep && { sleep: scenario.sleep }),
    },
  );
  closing.push(() => mapping.stop(0));
  return {
    queue,
    functions,
    mapping,
    reports,
    errors,
    async invocations(count) {
      await expect.poll(() => reports.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
      return reports;
    },
  };
}

const eventually = (what: () => unknown) => expect.poll(what, { timeout: 10_000 });

test("a message reaches the function as Lambda's SQS record and is deleted when the function has answered", async () => {
  const { queue, functions } = await scene({ handler: 'log(event)' });
  const id = await queue.send('{"hello":"wörld"}', undefined, {
    MessageAttributes: {
      topic: { DataType: 'String', StringValue: 'orders' },
      size: { DataType: 'Number', StringValue: '7' },
      raw: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255, 16) },
    },
  });
  const { Records } = JSON.parse(await functions.line('Records'));
  expect(Records).toEqual([
    {
      messageId: id,
      receiptHandle: expect.any(String),
      body: '{"hello":"wörld"}',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {
        topic: { stringValue: 'orders', stringListValues: [], binaryListValues: [], dataType: 'String' },
        size: { stringValue: '7', stringListValues: [], binaryListValues: [], dataType: 'Number' },
        raw: { binaryValue: 'AP8Q', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
      },
      md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: 'aws:sqs',
      eventSourceARN: queue.arn,
      awsRegion: 'us-east-1',
    },
  ]);
  await eventually(queue.left).toBe(0);
});

test('a FIFO record carries its group, its deduplication id and its sequence number', async () => {
  const { queue, functions } = await scene({ queue: 'test.fifo', handler: 'log(records[0].attributes)' });
  await queue.send('a', 'lane#1');
  expect(JSON.parse(await functions.line('MessageGroupId'))).toMatchObject({
    MessageGroupId: 'lane#1',
    MessageDeduplicationId: 'd0',
    SequenceNumber: expect.stringMatching(/^\d+$/),
  });
});

test('a batch has at most as many records as the mapping says', async () => {
  const { queue, mapping, reports } = await scene({
    handler: '',
    mapping: { enabled: false, batchSize: 3 },
  });
  await queue.sendAll(Array.from({ length: 10 }, (_, n) => String(n)));
  mapping.resume();
  await eventually(queue.left).toBe(0);
  expect(Math.max(...reports.map(({ records }) => records))).toBe(3);
});

test('with a batch window a batch may be larger than one receive', async () => {
  const { queue, mapping, reports } = await scene({
    handler: '',
    mapping: { enabled: false, batchSize: 25, batchingWindowSeconds: 1 },
  });
  await queue.sendAll(Array.from({ length: 60 }, (_, n) => String(n)));
  mapping.resume();
  await eventually(queue.left).toBe(0);
  expect(reports.map(({ records }) => records).sort((a, b) => b - a)).toEqual([25, 25, 10]);
});

test('a mapping that gathers a batch is not idle', async () => {
  const { queue, mapping, reports } = await scene({ handler: '', mapping: { batchingWindowSeconds: 1 } });
  await queue.send('a');
  await eventually(queue.counts).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  // The answer to the receive is on its way until the next one is open.
  await eventually(() => queue.emulator.queue('test').waiting()).toBe(1);
  await mapping.idle();
  expect(reports).toHaveLength(1);
});

test.each([
  ['nothing', 'return'],
  ['null', 'return null'],
  ['an empty string', 'return ""'],
  ['an empty list', 'return []'],
  ['an empty object', 'return {}'],
  ['an empty list of failures', 'return { batchItemFailures: [] }'],
  ['null for its failures', 'return { batchItemFailures: null }'],
])('a function that answers %s has done the whole batch', async (_, handler) => {
  const { queue } = await scene({ handler });
  await queue.sendAll(['a', 'b']);
  await eventually(queue.left).toBe(0);
});

test('successful messages of a batch are deleted; failed ones return when their visibility timeout ends', async () => {
  const clock = createManualClock();
  const { queue, mapping, functions, invocations } = await scene({
    clock,
    attributes: { VisibilityTimeout: '100' },
    mapping: { enabled: false },
    handler: `log({ bodies: records.map((r) => r.body + r.attributes.ApproximateReceiveCount) });
      return { batchItemFailures: records.filter((r) => r.body === 'bad').map((r) => ({ itemIdentifier: r.messageId })) };`,
  });
  await queue.sendAll(['a', 'bad', 'b']);
  mapping.resume();
  await invocations(1);
  await eventually(queue.counts).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  clock.advance(99_000);
  expect(queue.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  clock.advance(1_001);
  await invocations(2);
  expect(functions.lines).toEqual(['{"bodies":["a1","bad1","b1"]}', '{"bodies":["bad2"]}']);
});

test.each([
  ['throws', `throw new Error('no')`],
  ['times out', 'await pass(60_000)'],
  ['ends its process', 'process.exit(1)'],
  ['answers a string', `return 'fine'`],
  ['answers a number', 'return 7'],
  ['answers failures that are no list', 'return { batchItemFailures: {} }'],
  ['names a record that is not in the batch', `return { batchItemFailures: [{ itemIdentifier: 'x' }] }`],
  ['names an empty record', `return { batchItemFailures: [{ itemIdentifier: '' }] }`],
  ['names null', 'return { batchItemFailures: [{ itemIdentifier: null }] }'],
  ['names a number', 'return { batchItemFailures: [{ itemIdentifier: 123 }] }'],
  ['has the key wrong', 'return { batchItemFailures: [{ itemIdentifer: records[0].messageId }] }'],
  [
    'names one record rightly and one wrongly',
    `return { batchItemFailures: [{ itemIdentifier: records[0].messageId }, {}] }`,
  ],
])('a function that %s has failed the whole batch', async (_, handler) => {
  const { queue, mapping, invocations, errors } = await scene({
    handler,
    timeoutSeconds: 1,
    mapping: { enabled: false },
  });
  await queue.sendAll(['a', 'b', 'c']);
  mapping.resume();
  await invocations(1);
  await mapping.stop();
  expect(queue.counts()).toEqual({ visible: 0, inFlight: 3, delayed: 0 });
  expect(errors).toHaveLength(1);
});

test("without ReportBatchItemFailures the function's answer is ignored", async () => {
  const { queue } = await scene({
    mapping: { reportsItemFailures: false },
    handler: 'return { batchItemFailures: records.map((r) => ({ itemIdentifier: r.messageId })) }',
  });
  await queue.send('a');
  await eventually(queue.left).toBe(0);
});

test('a group of a FIFO queue is never in two invocations, and arrives in order', async () => {
  const { queue, functions, mapping } = await scene({
    queue: 'test.fifo',
    mapping: { enabled: false },
    handler: `
      const groups = [...new Set(records.map((r) => r.attributes.MessageGroupId))];
      log({ starts: groups, bodies: records.map((r) => r.body), at: context.awsRequestId });
      await pass(Math.random() * 20);
      log({ ends: groups, at: context.awsRequestId });`,
  });
  const groups = Array.from({ length: 12 }, (_, n) => `g${n}`);
  for (let n = 0; n < 10; n++) {
    for (const group of groups) await queue.send(`${group}:${n}`, group);
  }
  mapping.resume();
  await eventually(queue.left).toBe(0);
  const held = new Map<string, string>();
  const arrived: string[] = [];
  let most = 0;
  for (const line of functions.lines.map((text) => JSON.parse(text))) {
    for (const group of line.starts ?? []) {
      expect(held.get(group)).toBeUndefined();
      held.set(group, line.at);
    }
    arrived.push(...(line.bodies ?? []));
    for (const group of line.ends ?? []) held.delete(group);
    most = Math.max(most, new Set(held.values()).size);
  }
  for (const group of groups) {
    const own = arrived.filter((body) => body.startsWith(`${group}:`));
    expect(own).toEqual(Array.from({ length: 10 }, (_, n) => `${group}:${n}`));
  }
  // Else this would have shown nothing.
  expect(most).toBeGreaterThan(1);
});

test.each([
  ['MaximumConcurrency', { mapping: { maximumConcurrency: 2 } }],
  ['the cap of this machine', { maxEnvironments: 2 }],
])('%s bounds the invocations, and at the bound nothing is received', async (_, bound) => {
  const { mapping: more = {}, ...rest } = { mapping: {}, ...bound };
  const { queue, functions, mapping, invocations } = await scene({
    handler: `log({ holds: records.map((r) => r.body) }); while (!require('node:fs').existsSync(records[0].body)) await pass(20);`,
    mapping: { enabled: false, batchSize: 1, ...more },
    ...rest,
  });
  await queue.sendAll(Array.from({ length: 6 }, () => '/nonexistent'));
  mapping.resume();
  await eventually(() => functions.running().length).toBe(2);
  // Once the mapping is paused, no receive is in progress: a third one would have taken a message.
  await mapping.pause();
  expect(queue.counts()).toEqual({ visible: 4, inFlight: 2, delayed: 0 });
  mapping.resume();
  await functions.kill();
  await invocations(2);
  await eventually(() => functions.running().length).toBe(2);
  expect(queue.counts()).toEqual({ visible: 2, inFlight: 4, delayed: 0 });
});

test('a batch above 6 MB goes in several invocations, in order', async () => {
  const { queue, mapping, invocations, functions, reports } = await scene({
    queue: 'test.fifo',
    mapping: { enabled: false },
    handler: `log({ sizes: records.map((r) => r.body[0]), bytes: Buffer.byteLength(JSON.stringify(event)) })`,
  });
  for (const letter of 'abcdefgh') await queue.send(letter.repeat(1024 * 1024), 'g');
  mapping.resume();
  await invocations(2);
  await eventually(queue.left).toBe(0);
  const events = functions.lines.map((line) => JSON.parse(line));
  expect(events.map(({ sizes }) => sizes.join(''))).toEqual(['abcde', 'fgh']);
  for (const { bytes } of events) expect(bytes).toBeLessThanOrEqual(6 * 1024 * 1024);
  expect(reports[1]?.startedAt).toBeGreaterThanOrEqual(reports[0]?.endedAt ?? Number.POSITIVE_INFINITY);
});

test('later messages of a group are not received before the failed one', async () => {
  const { queue, mapping, invocations, functions } = await scene({
    queue: 'test.fifo',
    mapping: { enabled: false },
    handler: `log({ bodies: records.map((r) => r.body[0]) });
      return { batchItemFailures: records.filter((r) => 'bcde'.includes(r.body[0])).map((r) => ({ itemIdentifier: r.messageId })) };`,
  });
  for (const letter of 'abcdefg') await queue.send(letter.repeat(1024 * 1024), 'g');
  await queue.send('z', 'other');
  mapping.resume();
  await invocations(2);
  await mapping.stop();
  expect(functions.lines).toEqual(['{"bodies":["a","b","c","d","e"]}', '{"bodies":["z"]}']);
  expect(queue.left()).toBe(6);
});

test('a message that the function deleted itself is no error', async () => {
  const { queue, errors, invocations, mapping } = await scene({
    queue: 'test.fifo',
    handler: `const [, host, account, name] = records[0].body.match(/^(http:..[^/]+).([0-9]+).(.+)$/);
      const answer = await fetch(host, {
        method: 'POST',
        headers: { 'x-amz-target': 'AmazonSQS.DeleteMessage', 'content-type': 'application/x-amz-json-1.0' },
        body: JSON.stringify({ QueueUrl: records[0].body, ReceiptHandle: records[0].receiptHandle }),
      });
      log(answer.status);`,
  });
  queue.emulator.switches.fifoDeletedAgain = 'error';
  await queue.send(queue.url, 'g');
  await invocations(1);
  await queue.send(queue.url, 'g');
  await invocations(2);
  await mapping.stop();
  // Neither reported nor tried again.
  expect(queue.emulator.calls.count({ operation: 'DeleteMessageBatch' })).toBe(2);
  expect(errors).toEqual([]);
  expect(queue.left()).toBe(0);
});

test('an entry that SQS could not delete is deleted again', async () => {
  const { queue, mapping } = await scene({ handler: '', mapping: { enabled: false } });
  queue.emulator.faults.add({
    operation: 'DeleteMessageBatch',
    kind: 'refuse-entries',
    entries: ['1'],
    times: 1,
  });
  await queue.sendAll(['a', 'b', 'c']);
  mapping.resume();
  await eventually(queue.left).toBe(0);
});

test('polling continues after errors of a queue', async () => {
  const { queue, errors } = await scene({ handler: '' });
  queue.emulator.faults.add({ operation: 'ReceiveMessage', kind: 'error', times: 5 });
  await queue.send('a');
  await eventually(queue.left).toBe(0);
  expect(errors.join()).toContain('receive failed');
});

test('a disabled mapping receives no messages; enabled again, it continues', async () => {
  const { queue, mapping, reports } = await scene({ handler: '' });
  await queue.send('a');
  await eventually(queue.left).toBe(0);
  await mapping.pause();
  const receives = queue.emulator.calls.count({ operation: 'ReceiveMessage' });
  await queue.send('b');
  await queue.send('c');
  expect(queue.counts()).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
  expect(queue.emulator.calls.count({ operation: 'ReceiveMessage' })).toBe(receives);
  expect(reports).toHaveLength(1);
  mapping.resume();
  await eventually(queue.left).toBe(0);
});

test('paused while all its places are taken, it does not wait for one, and receives nothing when one is free', async () => {
  const { queue, mapping, functions, invocations } = await scene({
    handler: 'log("at work"); await pass(60_000)',
    mapping: { maximumConcurrency: 1 },
  });
  await queue.send('a');
  await functions.line('at work');
  await queue.send('b');
  const receives = queue.emulator.calls.count({ operation: 'ReceiveMessage' });
  await mapping.pause();
  await functions.kill();
  await invocations(1);
  expect(queue.emulator.calls.count({ operation: 'ReceiveMessage' })).toBe(receives);
});

test('a disabled mapping receives nothing', async () => {
  const { queue } = await scene({ handler: '', mapping: { enabled: false } });
  await queue.send('a');
  expect(queue.emulator.calls.count({ operation: 'ReceiveMessage' })).toBe(0);
});

test('stop waits for the invocation under way, which is finished and deleted', async () => {
  const { queue, functions, mapping } = await scene({ handler: 'log("at work"); await pass(300)' });
  await queue.send('a');
  await functions.line('at work');
  await mapping.stop();
  expect(queue.left()).toBe(0);
});

test('stop waits no longer than its limit', async () => {
  const { queue, functions, mapping } = await scene({
    handler: 'log("at work"); await pass(60_000)',
    timeoutSeconds: 60,
  });
  await queue.send('a');
  await functions.line('at work');
  await mapping.stop(50);
  expect(functions.running()).toHaveLength(1);
});

test('a long poll that is stopped loses no message', async () => {
  const { queue, mapping } = await scene({ handler: '' });
  await eventually(() => queue.emulator.queue('test').waiting()).toBe(1);
  await mapping.stop();
  // The emulator learns from the closed connection that nobody polls any more.
  await eventually(() => queue.emulator.queue('test').waiting()).toBe(0);
  await queue.send('a');
  expect(queue.counts()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
});

test('after failed batches of a standard queue the receives get slower', async () => {
  const waits: number[] = [];
  const { queue, mapping, invocations } = await scene({
    handler: `throw new Error('no')`,
    mapping: { enabled: false, batchSize: 1 },
    maxEnvironments: 1,
    sleep: async (ms) => {
      if (ms > 0) waits.push(ms);
    },
  });
  await queue.sendAll(['a', 'b', 'c', 'd']);
  mapping.resume();
  await invocations(4);
  expect(waits.slice(0, 3)).toEqual([100, 200, 400]);
});
