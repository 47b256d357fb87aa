// An outage that is due ends in a sweep.
import { expect, test } from 'vitest';
import { createOverdue, dueOutages, outages } from '#test/faults/overdue.ts';

const state = (more: object = {}) => ({
  sk: 'state',
  subscription: 's',
  epoch: 3,
  pause: { reason: 'outage', resumeAt: 100 },
  lanes: { 0: { drain: 1, until: 0 } },
  ...more,
});

test('an outage is due when its time has come and no token is on its way', () => {
  expect(dueOutages([state()], 101)).toMatchObject([{ subscription: 's', epoch: 3 }]);
  expect(dueOutages([state()], 100)).toEqual([]);
  expect(dueOutages([state({ lanes: { 0: { drain: 2, until: 220 } } })], 101)).toEqual([]);
  expect(dueOutages([state({ slow: { since: 1 } })], 101)).toEqual([]);
  expect(dueOutages([state({ pause: { reason: 'rejected' } }), { sk: 'claim' }], 101)).toEqual([]);
});

test('an outage that goes on after its third sweep is named once, and one that ends is not', () => {
  const { note } = createOverdue();
  const due = dueOutages([state()], 101);
  const sweep = (...after: readonly object[]) => note(due, outages(after.map((one) => ({ ...one }))));
  expect(sweep(state())).toEqual([]);
  expect(sweep(state())).toEqual([]);
  expect(sweep(state({ epoch: 4 }))).toEqual([]);
  expect(sweep(state())).toEqual(['the outage of s was due, and went on after 3 sweeps']);
  expect(sweep(state())).toEqual([]);
  expect(sweep()).toEqual([]);
});
