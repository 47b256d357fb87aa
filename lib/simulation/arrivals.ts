// When publishers send messages, and to which lanes their deliveries go: messages come at random, at a mean rate, each to a
// topic.
import { laneOfSlot, requestsInLane } from '#lib/message/lane-layout.ts';
import type { ScaleLoad } from '#lib/scale/load.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

type SenderDeps = {
  readonly random: Random;
  readonly send: (lane: string, requests: number) => void;
};
type ArrivalDeps = {
  readonly timeline: Timeline;
  readonly random: Random;
};

/** Sends one delivery to a subscription, into the lane of one of its slots. */
export function createSender({ inFlight, lanes }: ScaleLoad, { random, send }: SenderDeps) {
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
export function publish(load: ScaleLoad, deps: ArrivalDeps, to: (topic: number) => void): void {
  const topics = Math.max(1, Math.floor(load.subscriptions / load.fanOut));
  repeat(load.rate / load.fanOut, deps, () => to(Math.floor(deps.random() * topics)));
}

/** Runs at random moments, a number of times a second in the mean. */
export function repeat(perSecond: number, { timeline, random }: ArrivalDeps, run: () => void): void {
  if (perSecond <= 0) return;
  const next = () =>
    timeline.in((-Math.log(1 - random()) * 1000) / perSecond, () => {
      run();
      next();
    });
  next();
}
