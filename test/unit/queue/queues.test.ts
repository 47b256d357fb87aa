import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ATTRIBUTE } from '#lib/message/attribute.ts';
import { LARGEST_OWN_MESSAGE_BYTES } from '#lib/message/size.ts';
import { gatherSends } from '#lib/queue/gather-sends.ts';
import { secondsAfterFault } from '#lib/queue/hand-back.ts';
import { queueNameIn, queueNameOf } from '#lib/queue/name.ts';
import { batchesBySize, createQueues, type Outgoing } from '#lib/queue/queues.ts';
import { createMemoryQueues, refusing } from '#test/support/memory-queues.ts';
import { recordOf } from '#test/support/records.ts';

const QUEUE = 'http://sqs/0/plain';
const world = () => createMemoryQueues({ now: () => 1_000 });
const entry = (n: number): Outgoing => ({ body: `b${n}`, attribute: `{"n":${n}}` });
const entries = (count: number): Outgoing[] => Array.from({ length: count }, (_, n) => entry(n));
const bodies = (memory: ReturnType<typeof world>) => memory.taken(QUEUE).map(({ body }) => body);

const sized = fc.record({
  body: fc.oneof(
    fc.integer({ min: 1, max: 400_000 }).map((length) => 'x'.repeat(length)),
    fc.integer({ min: 1, max: 130_000 }).map((length) => '€'.repeat(length)),
  ),
  attribute: fc.integer({ min: 1, max: 300_000 }).map((length) => '{'.repeat(length)),
});
const bytes = (batch: readonly Outgoing[]): number =>
  batch.reduce(
    (sum, { body, attribute }) =>
      sum + Buffer.byteLength(body) + Buffer.byteLength(attribute) + `${ATTRIBUTE}String`.length,
    0,
  );

describe('a long send', () => {
  test('is cut at ten entries and 1 MiB, attributes included; order and all entries kept', () =>
    fc.assert(
      fc.property(fc.array(sized, { maxLength: 35 }), (all) => {
        const batches = batchesBySize(all);
        expect(batches.flat()).toEqual(all);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(10);
          expect(batch.length === 1 || bytes(batch) <= LARGEST_OWN_MESSAGE_BYTES).toBe(true);
        }
        // No call more than needed: what begins a batch would not have fitted into the one before.
        for (const [index, batch] of batches.slice(1).entries()) {
          const before = batches[index] ?? [];
          expect(
            before.length === 10 || bytes([...before, ...batch.slice(0, 1)]) > LARGEST_OWN_MESSAGE_BYTES,
          ).toBe(true);
        }
      }),
      { numRuns: 40 },
    ));

  test('fills a call to the byte', () => {
    const overhead = `${ATTRIBUTE}String`.length + 1;
    const half = { body: 'x'.repeat(LARGEST_OWN_MESSAGE_BYTES / 2 - overhead), attribute: '{' };
    expect(batchesBySize([half, half])).toHaveLength(1);
    expect(batchesBySize([half, { ...half, attribute: '{}' }])).toHaveLength(2);
  });

  test('arrives in order, call after call', async () => {
    const memory = world();
    expect(await memory.queues.send(QUEUE, entries(23))).toEqual(new Array(23).fill(undefined));
    expect(bodies(memory)).toEqual(entries(23).map(({ body }) => body));
    expect(memory.calls.get('send')).toBe(3);
  });

  test('makes as many calls at once as it was told, and no more', async () => {
    let underWay = 0;
    let most = 0;
    const memory = world();
    const sqs = {
      async send(command: never) {
        most = Math.max(most, ++underWay);
        await new Promise(setImmediate);
        underWay -= 1;
        return memory.sqs.send(command);
      },
    } as typeof memory.sqs;
    await createQueues(sqs, { callsAtOnce: 3 }).send(QUEUE, entries(95));
    expect(most).toBe(3);
    expect(memory.taken(QUEUE)).toHaveLength(95);
  });

  test('of no entries makes no call', async () => {
    const memory = world();
    expect(await memory.queues.send(QUEUE, [])).toEqual([]);
    expect(await memory.queues.remove(QUEUE, [])).toEqual([]);
    expect(await memory.queues.hide(QUEUE, [])).toEqual([]);
    expect(memory.calls.size).toBe(0);
  });
});

describe('of each entry is told whether it is confirmed', () => {
  test('when SQS refuses some of a call', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 35 }), async (refusals) => {
        const memory = world();
        memory.faults.entry = refusing((index) => refusals[index] === true);
        const confirmations = await memory.queues.send(QUEUE, entries(refusals.length));
        expect(confirmations).toEqual(refusals.map((refused) => (refused ? 'InternalError' : undefined)));
        expect(bodies(memory)).toEqual(refusals.flatMap((refused, n) => (refused ? [] : [`b${n}`])));
      }),
    ));

  test('when a whole call fails: its entries alone', async () => {
    const memory = world();
    let calls = 0;
    memory.faults.call = () => (++calls === 2 ? 'fail' : undefined);
    const confirmations = await memory.queues.send(QUEUE, entries(25));
    expect(confirmations.map((code, n) => (code === undefined ? undefined : n)).filter(Boolean)).toEqual(
      Array.from({ length: 10 }, (_, n) => n + 10),
    );
    expect(confirmations[10]).toBe('ServiceUnavailable');
  });

  test('when the answer does not speak of it: then it is not', async () => {
    const sqs = { send: async () => ({ Successful: [{ Id: '1' }] }) } as unknown as Parameters<
      typeof createQueues
    >[0];
    expect(await createQueues(sqs).send(QUEUE, entries(3))).toEqual(['Unknown', undefined, 'Unknown']);
  });

  test('for removals and visibility too, over more than one call', async () => {
    const memory = createMemoryQueues({ now: () => 1_000 });
    for (let n = 0; n < 25; n++) memory.put(QUEUE, { body: 'x' });
    const handles = [...memory.receive(QUEUE), ...memory.receive(QUEUE), ...memory.receive(QUEUE)].map(
      ({ receiptHandle }) => receiptHandle,
    );
    const hidden = await memory.queues.hide(
      QUEUE,
      ['gone', ...handles].map((receiptHandle) => ({ receiptHandle, seconds: 0 })),
    );
    expect(hidden).toEqual(['ReceiptHandleIsInvalid', ...new Array(25).fill(undefined)]);
    const removed = await memory.queues.remove(QUEUE, [...handles.slice(0, 12), 'gone']);
    expect(removed).toEqual([...new Array(12).fill(undefined), 'ReceiptHandleIsInvalid']);
    expect(memory.left(QUEUE)).toBe(13);
    expect(memory.calls.get('hide')).toBe(3);
  });
});

describe('an entry that SQS leaves undone', () => {
  /** Queues on a clock that the test reads, and the entries of each call. */
  function clocked(random = () => 1) {
    const memory = createMemoryQueues({ now: () => 1_000 });
    let now = 0;
    const waits: number[] = [];
    const calls: number[] = [];
    const sqs = {
      send(command: { input: { Entries: unknown[] } }) {
        calls.push(command.input.Entries.length);
        return memory.sqs.send(command as never);
      },
    } as unknown as typeof memory.sqs;
    const wait = async (ms: number) => {
      waits.push(ms);
      now += ms;
    };
    return { memory, waits, calls, queues: createQueues(sqs, { clock: { now: () => now, random, wait } }) };
  }
  const firstTimes = (times: number, code: string) => {
    const asked = new Map<string, number>();
    return (_: string, __: string, { Id: _id, ...content }: { Id?: string }) => {
      const key = JSON.stringify(content);
      const before = asked.get(key) ?? 0;
      asked.set(key, before + 1);
      return key.includes('b1') && before < times ? code : undefined;
    };
  };

  test.each([
    'InternalError',
    'ServiceUnavailable',
    'RequestThrottled',
    'ThrottlingException',
    'KMS.ThrottlingException',
  ])('for %s is sent again alone, after waits that grow', async (code) => {
    const { memory, queues, waits, calls } = clocked();
    memory.faults.entry = firstTimes(3, code);
    expect(await queues.send(QUEUE, entries(3))).toEqual([undefined, undefined, undefined]);
    expect(bodies(memory)).toEqual(['b0', 'b2', 'b1']);
    expect(calls).toEqual([3, 1, 1, 1]);
    expect(waits).toEqual([25, 50, 100]);
  });

  test.each(['InvalidMessageContents', 'ReceiptHandleIsInvalid', 'MessageNotInflight', 'AccessDenied'])(
    'for %s is at fault itself, and is asked for once',
    async (code) => {
      const { memory, queues, calls } = clocked();
      memory.faults.entry = firstTimes(Number.POSITIVE_INFINITY, code);
      expect(await queues.send(QUEUE, entries(3))).toEqual([undefined, code, undefined]);
      expect(calls).toEqual([3]);
    },
  );

  test('is given back with its code after two seconds', async () => {
    const { memory, queues, waits } = clocked();
    memory.faults.entry = firstTimes(Number.POSITIVE_INFINITY, 'InternalError');
    expect(await queues.send(QUEUE, entries(3))).toEqual([undefined, 'InternalError', undefined]);
    const waited = waits.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeLessThanOrEqual(2_000);
    expect(waited).toBeGreaterThan(1_500);
  });

  test('waits differently from one caller to the next', async () => {
    const { memory, queues, waits } = clocked(() => 0);
    memory.faults.entry = firstTimes(2, 'InternalError');
    await queues.send(QUEUE, entries(3));
    expect(waits).toEqual([13, 25]);
  });

  test('keeps the others confirmed when its repeat fails as a whole', async () => {
    const { memory, queues } = clocked();
    memory.faults.entry = firstTimes(1, 'InternalError');
    let calls = 0;
    memory.faults.call = () => (++calls === 2 ? 'fail' : undefined);
    expect(await queues.send(QUEUE, entries(3))).toEqual([undefined, 'ServiceUnavailable', undefined]);
    expect(bodies(memory)).toEqual(['b0', 'b2']);
  });

  test('is deleted and hidden again too', async () => {
    const { memory, queues, calls } = clocked();
    for (let n = 0; n < 3; n++) memory.put(QUEUE, { body: 'x' });
    const handles = memory.receive(QUEUE).map(({ receiptHandle }) => receiptHandle);
    const once = new Set<string>();
    memory.faults.entry = (operation) => {
      if (once.has(operation)) return undefined;
      once.add(operation);
      return 'InternalError';
    };
    const hidden = await queues.hide(
      QUEUE,
      handles.map((receiptHandle) => ({ receiptHandle, seconds: 30 })),
    );
    expect(hidden).toEqual([undefined, undefined, undefined]);
    expect(await queues.remove(QUEUE, handles)).toEqual([undefined, undefined, undefined]);
    expect(calls).toEqual([3, 1, 3, 1]);
    expect(memory.left(QUEUE)).toBe(0);
  });
});

test('a delay, a group and a deduplication id go along where they are given', async () => {
  const sent: unknown[] = [];
  const sqs = {
    send: async (command: { input: { Entries: unknown[] } }) => {
      sent.push(...command.input.Entries);
      return { Successful: [] };
    },
  } as unknown as Parameters<typeof createQueues>[0];
  await createQueues(sqs).send(QUEUE, [
    { body: 'a', attribute: '{}', groupId: 'g', deduplicationId: 'd' },
    { body: 'b', attribute: '{}', delaySeconds: 7 },
  ]);
  const MessageAttributes = { [ATTRIBUTE]: { DataType: 'String', StringValue: '{}' } };
  expect(sent).toEqual([
    { Id: '0', MessageBody: 'a', MessageAttributes, MessageGroupId: 'g', MessageDeduplicationId: 'd' },
    { Id: '1', MessageBody: 'b', MessageAttributes, DelaySeconds: 7 },
  ]);
});

describe('sends that are gathered', () => {
  test('go out together, and each is told of its own entries', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.boolean(), { maxLength: 6 }), { maxLength: 8 }),
        async (sends) => {
          const memory = world();
          const left = sends.flat();
          memory.faults.entry = () => (left.shift() ? 'InvalidMessageContents' : undefined);
          const gathered = gatherSends(memory.queues);
          const confirmations = await Promise.all(
            sends.map((refusals) => gathered.send(QUEUE, entries(refusals.length))),
          );
          expect(confirmations).toEqual(
            sends.map((refusals) =>
              refusals.map((refused) => (refused ? 'InvalidMessageContents' : undefined)),
            ),
          );
          expect(memory.calls.get('send') ?? 0).toBe(Math.ceil(sends.flat().length / 10));
        },
      ),
    ));

  test('to two queues stay apart', async () => {
    const memory = world();
    const gathered = gatherSends(memory.queues);
    await Promise.all([gathered.send(QUEUE, [entry(1)]), gathered.send('http://sqs/0/other', [entry(2)])]);
    expect(bodies(memory)).toEqual(['b1']);
    expect(memory.taken('http://sqs/0/other').map(({ body }) => body)).toEqual(['b2']);
  });

  test('that come while others are under way go out after', async () => {
    const memory = world();
    const gathered = gatherSends(memory.queues);
    await gathered.send(QUEUE, [entry(1)]);
    await gathered.send(QUEUE, [entry(2)]);
    expect(bodies(memory)).toEqual(['b1', 'b2']);
  });

  test('fail each with the fault that befell them all, and the next go out again', async () => {
    const memory = world();
    let broken = true;
    const gathered = gatherSends({
      ...memory.queues,
      send: (...args) => (broken ? Promise.reject(new Error('no')) : memory.queues.send(...args)),
    });
    const both = await Promise.allSettled([
      gathered.send(QUEUE, [entry(1)]),
      gathered.send(QUEUE, [entry(2)]),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    expect(await gathered.send(QUEUE, [entry(3)])).toEqual([undefined]);
  });
});

test('what is handed back after a fault waits 5 s, doubling with each receive, 60 s at most', () => {
  const waits = [1, 2, 3, 4, 5, 100, 5_000].map((receives) =>
    secondsAfterFault(recordOf({ receives }), { firstSeconds: 5, longestSeconds: 60 }),
  );
  expect(waits).toEqual([5, 10, 20, 40, 60, 60, 60]);
});

test("a queue's name is found in its ARN and in its URL", () => {
  expect(queueNameOf(recordOf({ queue: 'webhooks-dev-messages.fifo' }))).toBe('webhooks-dev-messages.fifo');
  expect(queueNameIn('https://sqs.us-east-1.amazonaws.com/123456789012/webhooks-dev-retries')).toBe(
    'webhooks-dev-retries',
  );
});
