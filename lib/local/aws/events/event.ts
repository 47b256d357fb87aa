// An event as EventBridge hands it to a target: what was put, and what a schedule makes.
import { randomUUID } from 'node:crypto';
import type { EventBridgeEvent } from 'aws-lambda';

export type BusEvent = EventBridgeEvent<string, object>;

/** Makes an event with a new id. Its time, given in milliseconds, is in whole seconds. */
export const eventOf = (
  about: Pick<BusEvent, 'detail-type' | 'source' | 'resources' | 'detail'>,
  { at, region, account }: { at: number; region: string; account: string },
): BusEvent => ({
  version: '0',
  id: randomUUID(),
  ...about,
  account,
  time: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
  region,
});
