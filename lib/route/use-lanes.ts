// The lanes of deliveries at the moment in which they are sent: noted in the states, so that `deliver` knows them.
import type { Delivery } from '#lib/message/attribute.ts';
import { laneFor } from '#lib/message/lane.ts';
import type { LaneLayout } from '#lib/message/lane-layout.ts';
import type { LaneNotes } from '#lib/state/lane-notes.ts';

export type UseLanesDeps = { readonly laneNotes: LaneNotes };

type Laned = {
  readonly delivery: Delivery;
  readonly lanes: LaneLayout;
  readonly lane: number;
  readonly isOrdered: boolean;
};

/** Returns deliveries with the lanes that may be used now, in the same order. Throws when DynamoDB fails. */
export async function useLanes<One extends Laned>(
  deliveries: readonly One[],
  { laneNotes }: UseLanesDeps,
): Promise<readonly One[]> {
  const users = deliveries.map(({ delivery, lanes }) => ({ id: delivery.subscription, lanes }));
  const toUse = await laneNotes.lanesToUse(users);
  return deliveries.map((one) => {
    const lanes = toUse.get(one.delivery.subscription);
    if (lanes === undefined || lanes === one.lanes) return one;
    return { ...one, lanes, lane: laneFor(one.delivery, lanes), isOrdered: !lanes.several };
  });
}
