// What is known of each partition when a send has failed: a partition that is not named is taken to have its records, so
// nothing may be left out.
import { MultipleErrors, NetworkError, ResponseError } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { partitionFailures } from '#lib/bridge/partition-failures.ts';

const PRODUCE = 0;
const CODES = { MESSAGE_TOO_LARGE: 10, NOT_LEADER_OR_FOLLOWER: 6, UNKNOWN_TOPIC_OR_PARTITION: 3 } as const;

/** A broker's answer: of each partition its error, or none. */
function answer(partitions: Readonly<Record<number, keyof typeof CODES | 'none'>>): ResponseError {
  const entries = Object.entries(partitions);
  const errors = entries.flatMap(([, code], at) =>
    code === 'none'
      ? []
      : [
          [`/responses/0/partition_responses/${at}`, [CODES[code], null]] as [
            string,
            [number, string | null],
          ],
        ],
  );
  const partitionResponses = entries.map(([index]) => ({ index: Number(index) }));
  return new ResponseError(PRODUCE, 11, Object.fromEntries(errors), {
    responses: [{ name: 'topic', partitionResponses }],
  });
}

const kinds = (error: unknown) =>
  partitionFailures(error)?.map(({ partition, failure }) => [partition, failure.kind]);

test('of one broker the partitions that it has refused are named, each with its reason', () => {
  expect(kinds(answer({ 4: 'none', 5: 'MESSAGE_TOO_LARGE', 7: 'UNKNOWN_TOPIC_OR_PARTITION' }))).toEqual([
    [5, 'record'],
    [7, 'topic'],
  ]);
});

test('of several brokers all are named; one without an error has taken everything', () => {
  const errors = [
    answer({ 1: 'MESSAGE_TOO_LARGE' }),
    null,
    answer({ 0: 'NOT_LEADER_OR_FOLLOWER', 3: 'none' }),
  ];
  expect(kinds(new MultipleErrors('sends failed', errors as Error[]))).toEqual([
    [1, 'record'],
    [0, 'broker'],
  ]);
});

test.each([
  ['a connection that broke', new NetworkError('closed')],
  [
    'tries of which one was not answered',
    new MultipleErrors('tries', [new NetworkError('closed'), answer({ 0: 'none' })]),
  ],
  [
    'one broker that did not answer among others that did',
    new MultipleErrors('sends', [answer({ 0: 'MESSAGE_TOO_LARGE' }), new NetworkError('closed')]),
  ],
  ['an error of somebody else', new Error('no')],
  ['an error without any in it', new MultipleErrors('none', [])],
  ['nothing', undefined],
])('where not every broker has answered, nothing is known of any: %s', (_, error) => {
  expect(partitionFailures(error)).toBeUndefined();
});
