// `rateLimit` in an item, the lanes that share it, and how far apart the requests of a lane are.
import { describe, expect, test } from 'vitest';
import { laneCountIn, requestsInLane } from '#lib/message/lane-layout.ts';
import { lanesIn, lanesOf } from '#lib/subscription/lanes.ts';
import { laneIntervalMs, laneRatesOf } from '#lib/subscription/rate-limit.ts';
import { faultsOf, sample, subscriptionOf } from '#test/support/subscription-items.ts';

const withRate = (rateLimit: unknown, more = {}) => ({
  id: 'paced',
  rateLimit,
  configuration: { callbackUrl: 'https://hooks.example.com/in', ...more },
});
const ruleOf = (rateLimit: unknown) => subscriptionOf(withRate(rateLimit)).rateLimit;

describe('an item', () => {
  test('has a rate from 1 in 60 s to 1,000 a second', () => {
    expect(ruleOf({ requests: 1, perSeconds: 60 })).toEqual({ requests: 1, perSeconds: 60 });
    expect(ruleOf({ requests: 60, perSeconds: 3_600 })).toEqual({ requests: 60, perSeconds: 3_600 });
    expect(ruleOf({ requests: 1_000 })).toEqual({ requests: 1_000, perSeconds: 1 });
    expect(ruleOf({ requests: 60_000, perSeconds: 60 })).toEqual({ requests: 60_000, perSeconds: 60 });
    expect(ruleOf(undefined)).toBeUndefined();
    expect(ruleOf(null)).toBeUndefined();
    expect(subscriptionOf(sample('subscription-rate-limit')).rateLimit).toEqual({
      requests: 10,
      perSeconds: 1,
    });
  });

  test.each([
    [{ requests: 1, perSeconds: 61 }, 'rateLimit.requests', /slower than 1 request in 60 s.*at least 2/],
    [{ requests: 59, perSeconds: 3_600 }, 'rateLimit.requests', /slower .*at least 60/],
    [{ requests: 1_001 }, 'rateLimit.requests', /faster than 1,000 requests a second.*at most 1000/],
    [{ requests: 10_001, perSeconds: 10 }, 'rateLimit.requests', /faster .*at most 10000/],
    [{ requests: 0 }, 'rateLimit.requests', /at least 1/],
    [{ requests: -5 }, 'rateLimit.requests', /at least 1/],
    [{ requests: 1.5 }, 'rateLimit.requests', /whole number/],
    [{ requests: '10' }, 'rateLimit.requests', /number/],
    [{ perSeconds: 1 }, 'rateLimit.requests', /missing/],
    [{ requests: 10, perSeconds: 0 }, 'rateLimit.perSeconds', /at least 1/],
    [{ requests: 10, perSeconds: 3_601 }, 'rateLimit.perSeconds', /at most 3600/],
    [{ requests: 10, perSeconds: 0.5 }, 'rateLimit.perSeconds', /whole number/],
    [{ requests: 10, perSecond: 1 }, 'rateLimit.perSecond', /not known.*perSeconds/],
    [10, 'rateLimit', /object/],
    ['10/s', 'rateLimit', /object/],
  ])('says of %j what is wrong', (rateLimit, path, reason) => {
    const faults = faultsOf(withRate(rateLimit));
    expect(Object.keys(faults)).toEqual([path]);
    expect(faults[path]).toMatch(reason);
  });

  test('has it at its top', () => {
    expect(faultsOf({ ...withRate(undefined, { rateLimit: { requests: 1 } }) })).toEqual({
      'configuration.rateLimit': expect.stringContaining('at the top'),
    });
  });
});

const QUALITIES = [
  { qos: 'auto' },
  { qos: 'none' },
  { qos: 'at-least-once' },
  { qos: 'at-most-once', order: 'key' },
];

describe.each(QUALITIES)('the lanes under %j', (quality) => {
  const limits = [
    [1, 60],
    [1, 7],
    [1, 1],
    [3, 2],
    [1_000, 1],
  ] as const;

  test('are the same for route and deliver, and share the whole rate', () => {
    for (const [requests, perSeconds] of limits) {
      for (let cap = 1; cap <= 20; cap++) {
        const item = {
          ...withRate({ requests, perSeconds }, { maxConcurrentConnections: cap }),
          ...quality,
        };
        const subscription = subscriptionOf(item);
        const layout = lanesOf(subscription);
        const rateLimit = subscription.rateLimit ?? { requests: 0, perSeconds: 1 };
        const lanes = Array.from({ length: laneCountIn(layout) }, (_, lane) => lane);
        for (const lane of lanes) {
          expect(requestsInLane(lane, layout)).toBe(requestsInLane(lane, lanesIn(item)));
        }
        const perMs = lanes.map((lane) => 1 / laneIntervalMs(rateLimit, lane, layout));
        const sum = perMs.reduce((all, one) => all + one, 0);
        expect(sum * 1_000).toBeCloseTo(requests / perSeconds);
        // What may be sent at once, and a half of it is left for what the network adds.
        const atOnce = laneRatesOf(rateLimit, layout).map((rate) => 1 + rate.earlyMs / rate.intervalMs);
        expect(atOnce.reduce((all, one) => all + one, 0)).toBeLessThanOrEqual(layout.requests);
        expect(lanes.length).toBeLessThanOrEqual(cap);
      }
    }
  });

  test('are one up to 1 request in 10 s', () => {
    const item = { ...withRate({ requests: 1, perSeconds: 10 }), ...quality };
    expect(laneCountIn(lanesOf(subscriptionOf(item)))).toBe(1);
    expect(laneIntervalMs({ requests: 1, perSeconds: 10 }, 0, lanesOf(subscriptionOf(item)))).toBe(10_000);
  });
});
