import { expect, test } from 'vitest';
import { laneCountIn, laneOfSlot, ONE_LANE, requestsInLane } from '#lib/message/lane-layout.ts';
import { LARGEST_MAX_CONCURRENT_CONNECTIONS } from '#lib/subscription/http-schema.ts';

const caps = Array.from({ length: LARGEST_MAX_CONCURRENT_CONNECTIONS }, (_, index) => index + 1);
const requestsOf = (requests: number, several: boolean): number[] =>
  Array.from({ length: laneCountIn({ requests, several }) }, (_, lane) =>
    requestsInLane(lane, { requests, several }),
  );

test('the requests of all lanes together are the cap, whether or not it can be divided', () => {
  for (const several of [true, false]) {
    for (const cap of caps) {
      const lanes = requestsOf(cap, several);
      expect(
        lanes.reduce((sum, requests) => sum + requests, 0),
        `cap ${cap}`,
      ).toBe(cap);
      expect(Math.min(...lanes), `cap ${cap}`).toBeGreaterThan(0);
      expect(requestsInLane(lanes.length, { requests: cap, several })).toBe(0);
    }
  }
});

test('lanes are few, with about as many requests in each', () => {
  expect([1, 2, 5, 10, 20].map((cap) => requestsOf(cap, true))).toEqual([
    [1],
    [2],
    [3, 2],
    [4, 3, 3],
    [5, 5, 5, 5],
  ]);
});

test('between two caps no lane has more requests under the smaller one: in a change the larger cap holds', () => {
  for (const cap of caps.slice(1)) {
    const [before, after] = [requestsOf(cap - 1, true), requestsOf(cap, true)];
    expect(after.length).toBeGreaterThanOrEqual(before.length);
    for (const [lane, requests] of before.entries()) expect(after[lane]).toBeGreaterThanOrEqual(requests);
  }
});

test('without several requests in a lane each slot has a lane of its own', () => {
  expect([0, 7, 19].map((slot) => laneOfSlot(slot, { several: false }))).toEqual([0, 7, 19]);
  expect(laneCountIn(ONE_LANE)).toBe(1);
});
