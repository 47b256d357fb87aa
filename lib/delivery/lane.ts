// One lane of a batch: its messages one by one, in order, until one has to stay. What follows it stays with it.
import { type Log, nameOf } from '../log.ts';
import { secondsAfterFault } from '../queue/hand-back.ts';
import type { Run } from './run.ts';
import { type Queued, type SettleDeps, settle } from './settle.ts';

export type LaneDeps = SettleDeps & { readonly log: Log };

export type LaneResult = {
  /** How many of its messages, from the first, are settled. */
  readonly settled: number;
  /** When the others become visible again, if there are any. */
  readonly visibleInSeconds: number;
};

/** Works through a lane. Never throws: what AWS fails to do leaves the message, and the rest, for later. */
export async function workLane(
  lane: readonly Queued[],
  runs: ReadonlyMap<string, Run>,
  bounds: { readonly endsAt: number },
  deps: LaneDeps,
): Promise<LaneResult> {
  for (const [settled, queued] of lane.entries()) {
    try {
      const ending = await settle(queued, runs, bounds, deps);
      if (ending.kind === 'left') return { settled, visibleInSeconds: ending.visibleInSeconds };
    } catch (error) {
      deps.log.error('delivery.interrupted', { sqsMessageId: queued.record.messageId, error: nameOf(error) });
      return { settled, visibleInSeconds: secondsAfterFault(queued.record) };
    }
  }
  return { settled: lane.length, visibleInSeconds: 0 };
}
