// Which events and calls of a run may have let a message come again.
import { expect, test } from 'vitest';
import { interruptionsOf, mayRepeat } from '#test/faults/interruptions.ts';
import { PLAIN } from '#test/faults/plan-of-one.ts';

const withRate = { ...PLAIN, rateLimit: { requests: 1, perSeconds: 1 } };
const subscriptions = [
  { id: 's1-0', byTopic: false, settings: PLAIN, answers: [] },
  { id: 's1-1', byTopic: false, settings: withRate, answers: [] },
];

function namesAfter(ms: number, isBusy = true) {
  const jumps = [{ at: 5, ms, isBusy }];
  const found = interruptionsOf({ subscriptions, events: [] }, { calls: [], jumps });
  return found.map(({ names }) => [...names]);
}

test('a jump while functions run may let any message come again if it is long, or those of a rate', () => {
  expect(namesAfter(240_000)).toEqual([[]]);
  expect(namesAfter(27_000)).toEqual([['s1-1']]);
  expect(namesAfter(240_000, false)).toEqual([]);
});

test('a call with a fault concerns the messages and subscriptions that it names', () => {
  const sent = { kind: 'lost-answer', operation: 'SendMessageBatch', at: 5 } as const;
  const calls = [
    { ...sent, text: '{"to":"{\\"subscription\\":\\"s1-0\\",\\"messageId\\":\\"m1-04\\"}"}' },
    { ...sent, kind: 'slow' as const, text: '' },
  ];
  expect(interruptionsOf({ subscriptions, events: [] }, { calls, jumps: [] })).toEqual([
    { at: 5, names: new Set(['s1-0', 'm1-04']) },
  ]);
});

test('reads, and calls whose process ends with them, let nothing come again by themselves', () => {
  expect(mayRepeat({ kind: 'error', operation: 'BatchGetItem' })).toBe(false);
  expect(mayRepeat({ kind: 'kill-after', operation: 'PutItem' })).toBe(false);
  expect(mayRepeat({ kind: 'error', operation: 'ReceiveMessage' })).toBe(true);
});
