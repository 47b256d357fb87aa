import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { itemOf } from '#test/faults/item.ts';
import { breachesBy } from '#test/faults/mutate.ts';
import { MUTATIONS } from '#test/faults/mutations.ts';
import { rules } from '#test/support/subscription-items.ts';

test('each mutation changes a place that is in the code once', () => {
  expect(new Set(MUTATIONS.map(({ id }) => id)).size).toBe(MUTATIONS.length);
  for (const [file, before, after] of MUTATIONS.flatMap(({ edits }) => edits)) {
    expect(readFileSync(file, 'utf8').split(before)).toHaveLength(2);
    expect(after).not.toBe(before);
  }
});

test('a mutation is shown by a promise that it may break, and not by a run that crashed', () => {
  const stuck = { promise: 'stuck', text: '' } as const;
  const lost = { promise: 'lost', text: '' } as const;
  expect(breachesBy({ breaks: ['stuck'] }, { breaches: [lost, stuck] })).toEqual([stuck]);
  expect(breachesBy({ breaks: ['stuck'] }, { breaches: [stuck], hasCrashed: true })).toEqual([]);
});

test('the items of the mutations’ plans are valid', () => {
  const plans = MUTATIONS.flatMap(({ plan }) => plan ?? []);
  expect(plans.length).toBeGreaterThan(0);
  for (const { seed, subscriptions } of plans) {
    for (const planned of subscriptions) {
      const { settings } = planned;
      const item = itemOf(planned, { version: 0, settings }, { seed, url: 'http://127.0.0.1:8080/x' });
      expect(parseSubscription(item, rules)).toMatchObject({ ok: true });
    }
  }
});
