// `rateLimit`: how many requests a subscription gets in a time. Its lanes share the rate: each spaces its own requests, so no
// counter is shared and no lane waits for another.
import * as z from 'zod';
import { field, titled, wholeNumber } from '#lib/item/field.ts';
import { type LaneLayout, laneCountIn, requestsInLane } from '#lib/message/lane-layout.ts';

/** The slowest and the fastest rate, in requests a second. */
const SLOWEST = 1 / 60;
const FASTEST = 1_000;
const MOST_SECONDS = 3_600;

export const rateLimit = field(() =>
  titled(
    z
      .strictObject({
        requests: titled(
          wholeNumber(1, FASTEST * MOST_SECONDS),
          'Requests',
          'The most requests in the time of perSeconds, spread evenly over it.',
        ),
        perSeconds: titled(
          wholeNumber(1, MOST_SECONDS).default(1),
          'Seconds',
          'The time for these requests, in seconds.',
        ),
      })
      .superRefine((limit, { addIssue }) => {
        const message = faultOf(limit);
        if (message !== undefined) addIssue({ code: 'custom', path: ['requests'], message });
      }),
    'Rate limit',
    'The most requests in a time: from 1 in 60 s to 1,000 a second. Retries, probes and replays count too; a request with several messages counts once. What comes faster waits in the backlog.',
  ),
);

/** Undefined: it has none, or one of the two numbers has a fault of its own. */
function faultOf({ requests, perSeconds }: { readonly requests: number; readonly perSeconds: number }) {
  if (requests < 1 || perSeconds < 1 || perSeconds > MOST_SECONDS) return undefined;
  const least = Math.ceil(perSeconds * SLOWEST);
  const most = perSeconds * FASTEST;
  if (requests < least)
    return `is slower than 1 request in 60 s: with perSeconds ${perSeconds}, use at least ${least}`;
  if (requests > most)
    return `is faster than 1,000 requests a second: with perSeconds ${perSeconds}, use at most ${most}`;
  return undefined;
}

export type RateLimit = Readonly<z.output<ReturnType<typeof rateLimit>>>;

/** A rate in words, such as `10 in 1 s`. */
export const rateInWords = ({ requests, perSeconds }: RateLimit): string => `${requests} in ${perSeconds} s`;

/** A request takes no longer than the default readTimeout, in most subscriptions. */
const LONGEST_REQUEST_SECONDS = 10;

/** How many requests in flight the rate can need, at most `connections`. Fewer lanes then share the rate. */
export const requestsFor = (connections: number, limit: RateLimit | undefined): number =>
  limit === undefined
    ? connections
    : Math.min(connections, Math.ceil((limit.requests * LONGEST_REQUEST_SECONDS) / limit.perSeconds));

/** Milliseconds from one request of a lane to its next one: the lane has a share of the rate like that of the requests in flight. */
export const laneIntervalMs = (
  { requests, perSeconds }: RateLimit,
  lane: number,
  layout: LaneLayout,
): number =>
  ((perSeconds * 1_000) / requests) * (layout.requests / Math.max(1, requestsInLane(lane, layout)));

/** How a lane spaces its requests. */
export type LaneRate = {
  /** Milliseconds from one request to the next one. */
  readonly intervalMs: number;
  /** How many milliseconds before its turn a request may be sent, so that turns that were used late are made up for. */
  readonly earlyMs: number;
};

/** A lane uses this share of what the bound allows it for its further requests in flight; the rest is left for the network. */
const EARLY_SHARE = 0.5;

/** The rate of each lane. Together they keep the bound: the rate, and one more request for each request in flight. */
export const laneRatesOf = (limit: RateLimit, layout: LaneLayout): readonly LaneRate[] =>
  Array.from({ length: laneCountIn(layout) }, (_, lane) => {
    const intervalMs = laneIntervalMs(limit, lane, layout);
    return { intervalMs, earlyMs: intervalMs * (requestsInLane(lane, layout) - 1) * EARLY_SHARE };
  });
