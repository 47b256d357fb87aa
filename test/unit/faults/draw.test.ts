import { expect, test } from 'vitest';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { drawPlan } from '#test/faults/draw.ts';
import { itemOf } from '#test/faults/item.ts';
import { CALL_FAULTS, type Plan, SOCKET_FAULTS } from '#test/faults/plan.ts';
import { inFlightOf } from '#test/faults/rates.ts';
import { excessOver } from '#test/support/rate-bound.ts';
import { rules } from '#test/support/subscription-items.ts';

const plans: readonly Plan[] = Array.from({ length: 1_000 }, (_, index) => drawPlan(index + 1));

test('a seed has the same plan each time', () => {
  for (const plan of plans.slice(0, 50)) expect(drawPlan(plan.seed)).toEqual(plan);
});

test('every item of a plan is valid, also after its changes', () => {
  for (const { seed, subscriptions, events } of plans) {
    const changes = events.flatMap((event) => (event.do === 'change' ? [event] : []));
    for (const planned of subscriptions) {
      const versions = [
        planned.settings,
        ...changes.filter((one) => one.subscription === planned.id).map(({ settings }) => settings),
      ];
      for (const [version, settings] of versions.entries()) {
        const item = itemOf(planned, { version, settings }, { seed, url: 'http://127.0.0.1:8080/x' });
        expect(parseSubscription(item, rules)).toMatchObject({ ok: true });
      }
    }
  }
});

test('a thousand plans have every fault of a call, of a socket and of a function', () => {
  const calls = new Set(plans.flatMap((plan) => plan.calls.map(({ kind }) => kind)));
  expect(calls).toEqual(new Set(CALL_FAULTS));
  const answers = plans.flatMap(({ subscriptions }) => subscriptions.flatMap((one) => one.answers));
  const kinds = new Set(answers.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['status', ...SOCKET_FAULTS]));
  const events = new Set(plans.flatMap((plan) => plan.events.map((event) => event.do)));
  expect(events.size).toBe(23);
});

test('most subscriptions with a rate get more messages than it allows', () => {
  const withRate = plans.flatMap(({ subscriptions, messages }) =>
    subscriptions
      .filter(({ settings }) => settings.rateLimit)
      .map(({ id, settings }) => ({
        settings,
        times: messages.flatMap((one) => (one.subscriptions.includes(id) ? one.atMs : [])),
      })),
  );
  const exceeds = ({ settings, times }: (typeof withRate)[number]) =>
    settings.rateLimit !== undefined && excessOver(settings.rateLimit, inFlightOf(settings), times) >= 2;
  expect(withRate.length).toBeGreaterThan(300);
  expect(withRate.filter(exceeds).length / withRate.length).toBeGreaterThan(0.75);
});
