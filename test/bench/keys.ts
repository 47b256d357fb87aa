// Keys for the benchmarks of order by key.
import { laneFor } from '#lib/message/lane.ts';

/** One key for each lane, in the order of the lanes. Of keys that were not chosen, several would share a lane, and wait for each other. */
export function keysOfLanes(prefix: string, lanes: number): readonly string[] {
  const keys = new Map<number, string>();
  for (let number = 0; keys.size < lanes; number++) {
    const key = `${prefix}-key-${number}`;
    const lane = laneFor({ key, messageId: '' }, { requests: lanes, several: false, byKey: true });
    if (!keys.has(lane)) keys.set(lane, key);
  }
  return Array.from({ length: lanes }, (_, lane) => keys.get(lane) ?? '');
}
