import { expect, test } from 'vitest';
import { failedRecords } from '#lib/local/partial-response.ts';
import { eventsOf, recordOf } from '#lib/local/sqs-event.ts';

const records = (...sizes: number[]) =>
  sizes.map((size, n) =>
    recordOf({ MessageId: String(n), Body: 'x'.repeat(size) }, 'arn:aws:sqs:eu-north-1:1:q'),
  );

test('what fits is one event, to the byte', () => {
  const three = records(10, 20, 30);
  const bytes = Buffer.byteLength(JSON.stringify({ Records: three }));
  expect(eventsOf(three, bytes + 1)).toEqual([{ Records: three }]);
  expect(eventsOf(three, bytes - 1).map(({ Records }) => Records.length)).toEqual([2, 1]);
});

test('bytes count, not characters', () => {
  const [record] = records(0);
  const wide = { ...record, body: 'ü'.repeat(100) } as NonNullable<typeof record>;
  const bytes = Buffer.byteLength(JSON.stringify({ Records: [wide, wide] }));
  expect(eventsOf([wide, wide], bytes - 100)).toHaveLength(2);
});

test('a record that is too large alone goes alone; no records are no event', () => {
  expect(eventsOf(records(100, 5000, 100), 1000).map(({ Records }) => Records.length)).toEqual([1, 1, 1]);
  expect(eventsOf([])).toEqual([]);
});

test("the region is the queue's", () => {
  expect(records(1)[0]).toMatchObject({ awsRegion: 'eu-north-1', eventSource: 'aws:sqs' });
});

test('failures are told by id; one that is named twice counts once', () => {
  const answer = { batchItemFailures: [{ itemIdentifier: 'b' }, { itemIdentifier: 'b' }] };
  expect(failedRecords(answer, ['a', 'b'])).toEqual({ kind: 'some', ids: new Set(['b']) });
});
