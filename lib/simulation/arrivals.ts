// When deliveries are sent to `deliveries.fifo`, and to which lanes: messages come at random, at a mean rate, and each one
// sends a delivery to all subscriptions of its topic.
import { laneOfSlot, requestsInLane } from '#lib/message/lane-layout.ts';
import type { ScaleLoad } from '#lib/scale/load.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

type ArrivalDeps = {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly send: (lane: string, requests: number) => void;
  /** A message's deliveries are on the queue. */
  readonly onSent: () => void;
};

/** Sends one delivery to a subscription, into the lane of one of its slots. */
export function createSender({ inFlight, lanes }: ScaleLoad, { random, send }: ArrivalDeps) {
  const several = inFlight > lanes;
  const requests = Array.from({ length: lanes }, (_, lane) =>
    requestsInLane(lane, { requests: inFlight, several }),
  );
  return (subscription: number): void => {
    const lane = laneOfSlot(Math.floor(random() * inFlight), { several });
    send(`${subscription}#${lane}`, requests[lane] ?? 1);
  };
}

/** Messages of publishers, from now on. */
export function publish(load: ScaleLoad, deps: ArrivalDeps): void {
  const { timeline, random, onSent } = deps;
  const sendTo = createSender(load, deps);
  const topics = Math.max(1, Math.floor(load.subscriptions / load.fanOut));
  repeat(load.rate / load.fanOut, { timeline, random }, () => {
    const first = Math.floor(random() * topics) * load.fanOut;
    for (let one = 0; one < load.fanOut; one++) sendTo(first + one);
    onSent();
  });
}

/** Runs at random moments, a number of times a second in the mean. */
export function repeat(
  perSecond: number,
  { timeline, random }: Pick<ArrivalDeps, 'timeline' | 'random'>,
  run: () => void,
): void {
  if (perSecond <= 0) return;
  const next = () =>
    timeline.in((-Math.log(1 - random()) * 1000) / perSecond, () => {
      run();
      next();
    });
  next();
}
