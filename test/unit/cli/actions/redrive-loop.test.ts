// Call after call until it is done: what is added up, and how it ends where it can't go on.
import { expect, test } from 'vitest';
import { redriveAll, type Total } from '#lib/cli/actions/redrive-loop.ts';
import { offsets, time } from '#lib/cli/terminal/letter-options.ts';

const REQUEST = { endpoint: 'e', redriveId: 'r1', sample: 3 };
const answer = (more: object) => ({
  ok: true,
  done: true,
  redriveId: 'r1',
  seen: 10,
  left: 0,
  matched: 4,
  sent: 3,
  skipped: { unknown: 1 },
  ...more,
});
const letter = (id: string) => ({ id, reason: 'rejected', at: '2026-11-25T08:00:00Z', bytes: 1 });

/** Answers each call with the next, an Error by throwing it. */
function world(answers: readonly unknown[]) {
  const asked: Readonly<Record<string, unknown>>[] = [];
  const reported: Total[] = [];
  return {
    asked,
    reported,
    run: () =>
      redriveAll(REQUEST, {
        ask: async (request) => {
          const next = answers[Math.min(asked.length, answers.length - 1)];
          asked.push(request);
          if (next instanceof Error) throw next;
          return next;
        },
        onProgress: (total) => void reported.push({ ...total }),
        wait: async () => {},
      }),
  };
}

test('calls go on with the cursor, are reported of one by one, and added up', async () => {
  const of = world([
    answer({
      done: false,
      cursor: 'c1',
      left: 20,
      notes: ['n'],
      counts: { bySubscription: { a: 1 }, byStatus: {}, byReason: {} },
      sample: [letter('1'), letter('2')],
    }),
    answer({
      done: false,
      cursor: 'c2',
      left: 10,
      notes: ['n'],
      counts: { bySubscription: { a: 2, b: 1 }, byStatus: {}, byReason: {} },
      sample: [letter('3'), letter('4')],
    }),
    answer({}),
  ]);
  expect(await of.run()).toEqual({
    redriveId: 'r1',
    calls: 3,
    seen: 30,
    left: 0,
    matched: 12,
    sent: 9,
    skipped: { unknown: 3 },
    notes: ['n'],
    counts: { bySubscription: { a: 3, b: 1 }, byStatus: {}, byReason: {} },
    sample: [letter('1'), letter('2'), letter('3')],
  });
  expect(of.asked.map(({ cursor }) => cursor)).toEqual([undefined, 'c1', 'c2']);
  expect(of.reported.map(({ seen, left }) => [seen, left])).toEqual([
    [10, 20],
    [20, 10],
    [30, 0],
  ]);
});

test('a call that fails on the way is made again with the same cursor', async () => {
  const of = world([answer({ done: false, cursor: 'c1' }), new Error('timed out'), answer({})]);
  expect(await of.run()).toMatchObject({ sent: 6 });
  expect(of.asked.map(({ cursor }) => cursor)).toEqual([undefined, 'c1', 'c1']);
});

test('one that always fails ends it, with what was sent and how to go on', async () => {
  const of = world([answer({ done: false, cursor: 'c1' }), new Error('timed out')]);
  await expect(of.run()).rejects.toThrow(/^timed out\n3 were sent before. Continue with --redrive-id r1/);
  expect(of.asked).toHaveLength(4);
  // The first says most when it is reported as it is.
  await expect(world([new Error('no such function')]).run()).rejects.toThrow(/^no such function$/);
});

test('a request that is refused ends it at once, with every fault', async () => {
  const faults = [
    { path: 'status.0', reason: 'must be a status' },
    { path: 'limit', reason: 'must be at least 1' },
  ];
  const of = world([{ ok: false, faults }]);
  await expect(of.run()).rejects.toThrow(
    'redrive refused the request:\n  status.0: must be a status\n  limit: must be at least 1',
  );
  expect(of.asked).toHaveLength(1);
});

test('calls that come no further end it', async () => {
  const of = world([answer({ done: false, cursor: 'c', seen: 0, sent: 0, matched: 0 })]);
  await expect(of.run()).rejects.toThrow('The redrive makes no progress');
});

test('times are read with their zone, or as how long ago', () => {
  expect(time('2026-11-25T09:00:00+01:00')).toBe('2026-11-25T08:00:00.000Z');
  const ago = Date.now() - Date.parse(time('2h'));
  expect(Math.abs(ago - 7_200_000)).toBeLessThan(60_000);
  for (const wrong of [
    '2026-02-30T08:00:00Z',
    '2026-13-01T08:00:00Z',
    'yesterday',
    '2026-11-25',
    '2026-11-25T08:00:00',
    '2w',
    '',
  ]) {
    expect(() => time(wrong)).toThrow('Give a time with its zone');
  }
  expect(offsets('0=1200, 3=0')).toEqual({ 0: 1_200, 3: 0 });
  expect(() => offsets('0:12')).toThrow('such as 0=1200,1=0');
});
