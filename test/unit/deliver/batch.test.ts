// The beginning of a batch: its lanes are made sure of while its subscriptions are read.
import { expect, test } from 'vitest';
import { createBatches } from '#test/support/deliver-batches.ts';

test('the subscriptions are read while the lanes are made sure of', async () => {
  const read = Promise.withResolvers<void>();
  const world = createBatches(['acme'], {
    async beforeCall(command) {
      if (command === 'BatchGetCommand') read.resolve();
      // One after the other, this would wait for ever.
      if (command === 'ChangeMessageVisibilityBatchCommand') await read.promise;
    },
  });
  expect(await world.deliver(world.receiveAgain(0))).toEqual([]);
  expect(world.posts).toEqual(['acme-1']);
});

test('nothing is sent before the lanes are sure, however soon the subscriptions are read', async () => {
  let world = createBatches([]);
  const sentBefore: number[] = [];
  world = createBatches(['acme', 'other'], {
    async beforeCall(command) {
      if (command !== 'ChangeMessageVisibilityBatchCommand') return;
      // All that could run without this answer has run by then.
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      sentBefore.push(world.posts.length);
    },
  });
  await world.deliver(world.receiveAgain(0));
  expect(sentBefore[0]).toBe(0);
  expect(world.posts.toSorted()).toEqual(['acme-1', 'other-2']);
});

test('a lane that is not ours any more is left alone, though its subscription was read; the others are delivered', async () => {
  const world = createBatches(['acme', 'other']);
  const records = world.receiveAgain(0);
  const lost = records[0]?.receiptHandle;
  world.memory.faults.entry = (operation, _queue, entry) =>
    operation === 'hide' && 'ReceiptHandle' in entry && entry.ReceiptHandle === lost
      ? 'ReceiptHandleIsInvalid'
      : undefined;
  expect(await world.deliver(records)).toEqual([records[0]?.messageId]);
  expect(world.posts).toEqual(['other-2']);
});
