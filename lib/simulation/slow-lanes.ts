// Slow subscriptions, simulated: their messages wait in their backlogs, and one slice at a time drains a lane, as long as
// there is a slot. It begins after they were marked as slow, and knows no tenants.
import { parameterList } from '#lib/deployment/parameters.ts';
import type { ScaleLoad, StageSettings } from '#lib/scale/load.ts';
import { repeat } from './arrivals.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

export type SlowLanes = {
  /** Begins the slice of the lane that has waited longest; its milliseconds, or undefined when no lane or no slot is free. */
  begin(): Slice | undefined;
  /** Slices that run. */
  slots(): number;
};
export type Slice = { readonly ms: number; readonly messages: number; readonly end: () => void };

const SLICE_MS =
  1000 * Number(parameterList().find(({ name }) => name === 'drainSliceSeconds')?.default ?? Number.NaN);

/** The slow subscriptions of the load. `onWaiting`: one of them has messages, and no slice yet. */
export function createSlowLanes(
  load: Pick<ScaleLoad, 'slow' | 'slowMs' | 'slowRate' | 'perRequest'>,
  { slowDrainBudget }: Pick<StageSettings, 'slowDrainBudget'>,
  deps: {
    readonly timeline: Timeline;
    readonly random: Random;
    readonly onWaiting: () => void;
    /** So many messages were written into the backlog of a lane, or removed from it. */
    readonly onWritten: (lane: number, messages: number) => void;
  },
): SlowLanes {
  const backlogs = new Map<number, number>();
  const queued: number[] = [];
  const running = new Set<number>();
  let slots = 0;

  function put(lane: number, messages: number): void {
    backlogs.set(lane, messages);
    if (messages > 0) queued.push(lane);
  }

  repeat(load.slow * load.slowRate, deps, () => {
    const lane = Math.floor(deps.random() * load.slow);
    const waiting = backlogs.get(lane) ?? 0;
    // A lane that has messages already has its place, or its slice puts it there at its end.
    if (waiting > 0 || running.has(lane)) backlogs.set(lane, waiting + 1);
    else put(lane, 1);
    deps.onWritten(lane, 1);
    deps.onWaiting();
  });

  return {
    slots: () => slots,
    begin() {
      if (slots >= slowDrainBudget) return undefined;
      const lane = queued.shift();
      if (lane === undefined) return undefined;
      const waiting = backlogs.get(lane) ?? 0;
      // A slice starts no exchange after its time, and at least one.
      const most = Math.max(1, Math.ceil(SLICE_MS / load.slowMs)) * load.perRequest;
      const messages = Math.min(waiting, most);
      backlogs.set(lane, waiting - messages);
      running.add(lane);
      slots += 1;
      return {
        ms: Math.ceil(messages / load.perRequest) * load.slowMs,
        messages,
        end() {
          running.delete(lane);
          slots -= 1;
          deps.onWritten(lane, messages);
          put(lane, backlogs.get(lane) ?? 0);
        },
      };
    },
  };
}
