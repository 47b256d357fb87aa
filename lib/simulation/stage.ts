// A stage under a load, simulated message by message: the pollers of `route` and `deliver` receive batches, invoke, and delete.
// It counts the units of DynamoDB. It knows no failures, no backlog but that of slow subscriptions, and callbacks that take
// equally long.
import type { ScaleLoad, StageSettings } from '#lib/scale/load.ts';
import { partitionsOf } from '#lib/scale/partitions.ts';
import { type Range, TIMES, unitsOfEntry } from '#lib/scale/quotas.ts';
import { createSender, publish } from './arrivals.ts';
import { batchTimes } from './batch-times.ts';
import { type BatchPart, createSimulatedQueue, type Fill } from './queue.ts';
import { createRandom } from './random.ts';
import { createRoutes } from './routes.ts';
import { createSlowLanes } from './slow-lanes.ts';
import { createStageTally, type Figures } from './tally.ts';
import { createTimeline } from './timeline.ts';
import { createUnits } from './units.ts';

export type Run = {
  readonly fill: Fill;
  /** The assumed times that count. */
  readonly side: keyof Range;
  readonly seed: number;
  /** Milliseconds before the measured ones, and of these. */
  readonly warmUpMs: number;
  readonly forMs: number;
  /** Pollers of `deliver` at first; left out: as many as the stage allows. */
  readonly pollers?: number;
  /** Messages of each subscription that wait on `deliveries.fifo` at first, and no others come. The run is over when they are delivered. */
  readonly waiting?: number;
};

/** The pollers that Lambda adds a second, while there are messages: documented for standard queues, as 300 a minute. */
const MORE_POLLERS = 5;

/** Simulates the load. The same seed gives the same figures. */
export function simulateStage(load: ScaleLoad, settings: StageSettings, run: Run): Figures {
  const timeline = createTimeline();
  const random = createRandom(run.seed);
  const most = settings.deliverMaximumConcurrency;
  const callMs = TIMES.callMs[run.side];
  const partitions = partitionsOf(settings);
  const queue = createSimulatedQueue({ fill: run.fill, partitions }, { timeline, random, onReady: poll });
  const endMs = run.warmUpMs + run.forMs;
  const units = createUnits(() => timeline.now() >= run.warmUpMs);
  const sendTo = createSender(load, { random, send: queue.send });
  const routes = createRoutes(load, settings, {
    ...{ timeline, units, sendTo, side: run.side, onSent: poll },
    onReceived: (pollerMs, full) => tally.routed(pollerMs, full),
  });
  const waiting = () => queue.waiting() + routes.waiting() * load.fanOut;
  const tally = createStageTally(
    { warmUpMs: run.warmUpMs, endMs },
    { timeline, waiting, partitions: queue.partitions, units, load, settings },
  );
  const entry = unitsOfEntry(load);
  const slow = createSlowLanes(load, settings, {
    ...{ timeline, random, onWaiting: poll },
    onWritten: (lane, messages) => units.add('stateWrites', 'lane', lane, messages * entry),
  });
  let pollers = Math.min(most, run.pollers ?? most);
  let polling = 0;

  function poll(): void {
    while (polling < Math.floor(pollers) && (drain() || deliver()));
  }

  /** A poller receives, invokes, deletes, and only then receives again. */
  function deliver(): boolean {
    const taken = queue.receive();
    if (taken.length === 0) return false;
    polling += 1;
    read(taken);
    const { invocationMs, laneMs } = batchTimes(taken, {
      ...{ load, settings, side: run.side, random },
      environments: Math.max(polling, 1),
    });
    const held = laneMs.map((ms) => callMs + ms + callMs);
    const pollerMs = callMs + invocationMs + callMs;
    tally.received(taken, { invocationMs, pollerMs, laneMs: held });
    for (const [index, { lane, sentAt }] of taken.entries()) {
      timeline.in(held[index] ?? pollerMs, () => {
        queue.settle(lane);
        tally.delivered(sentAt.length);
        poll();
      });
    }
    timeline.in(pollerMs, ended);
    return true;
  }

  /** A batch reads the item and the state of each of its subscriptions; at-most-once writes a claim of each message. */
  function read(taken: readonly BatchPart[]): void {
    for (const subscription of new Set(taken.map(({ lane }) => lane.name.slice(0, lane.name.indexOf('#'))))) {
      units.add('subscriptions', 'item', subscription, 1);
      units.add('stateReads', 'state', subscription, 1);
    }
    if (load.qos !== 'at-most-once') return;
    for (const { sentAt } of taken) units.addOnce('stateWrites', sentAt.length);
  }

  /** The slice of a slow lane takes an invocation too. */
  function drain(): boolean {
    const slice = slow.begin();
    if (slice === undefined) return false;
    polling += 1;
    tally.sliced(slice);
    timeline.in(2 * callMs + slice.ms, () => {
      slice.end();
      ended();
    });
    return true;
  }

  function ended(): void {
    polling -= 1;
    poll();
  }

  function addPollers(): void {
    if (pollers >= most) return;
    if (polling >= Math.floor(pollers)) pollers = Math.min(most, pollers + MORE_POLLERS / 10);
    timeline.in(100, () => {
      addPollers();
      poll();
    });
  }
  addPollers();

  if (run.waiting === undefined) publish(load, { timeline, random }, routes.publish);
  else {
    for (let message = 0; message < run.waiting; message++) {
      for (let subscription = 0; subscription < load.subscriptions; subscription++) sendTo(subscription);
    }
    poll();
  }
  const isOver = () => run.waiting !== undefined && queue.waiting() === 0 && polling === 0;
  timeline.runUntil(endMs, isOver);
  return tally.figures();
}
