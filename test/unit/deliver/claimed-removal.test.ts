import type { SQSRecord } from 'aws-lambda';
import { expect, test } from 'vitest';
import { type ClaimedRemovalDeps, createClaimedRemoval } from '#lib/deliver/claimed-removal.ts';

/** A removal whose deletes end when the test says so. */
function slowRemoval() {
  const asked: string[] = [];
  const ends: (() => void)[] = [];
  const removal = createClaimedRemoval({
    deliveriesQueueUrl: 'q',
    queues: {
      remove: async (_, handles) => {
        asked.push(handles.join());
        await new Promise<void>((resolve) => ends.push(resolve));
        return handles.map(() => undefined);
      },
    },
  } as Partial<ClaimedRemovalDeps> as ClaimedRemovalDeps);
  const begin = (receiptHandle: string) => {
    const records = [{ receiptHandle } as Partial<SQSRecord> as SQSRecord];
    return removal.begin({ members: [], records, settled: 1, openClaims: [] });
  };
  return { removal, begin, asked, ends };
}

test('the lane goes on while the first delete is under way', async () => {
  const { begin, asked } = slowRemoval();
  await begin('first');
  expect(asked).toEqual(['first']);
});

test('the second delete begins, and the lane goes on, when the first has ended', async () => {
  const { begin, asked, ends } = slowRemoval();
  await begin('first');
  let went = false;
  const second = begin('second').then(() => {
    went = true;
  });
  await new Promise(setImmediate);
  expect({ asked, went }).toEqual({ asked: ['first'], went: false });
  ends[0]?.();
  await second;
  expect(asked).toEqual(['first', 'second']);
});

test('the end waits for the delete that is under way', async () => {
  const { removal, begin, ends } = slowRemoval();
  await begin('first');
  let ended = false;
  const end = removal.end().then(() => {
    ended = true;
  });
  await new Promise(setImmediate);
  expect(ended).toBe(false);
  ends[0]?.();
  await end;
});
