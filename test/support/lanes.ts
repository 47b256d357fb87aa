// Lanes of subscriptions, as tests name them.
import { laneOf } from '#lib/message/lane.ts';
import type { LaneLayout } from '#lib/message/lane-layout.ts';

/** The lanes of a subscription without order, with this cap. */
export const unordered = (requests: number): LaneLayout => ({ requests, several: true });

/** An id that begins with `name` and is in this lane. */
export function idInLane(lane: number, layout: LaneLayout, name = 'm'): string {
  for (let index = 0; ; index++) {
    if (laneOf(`${name}-${index}`, layout) === lane) return `${name}-${index}`;
  }
}
