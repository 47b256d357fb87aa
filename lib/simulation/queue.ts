// `deliveries.fifo`, simulated: lanes with their waiting messages, and receives that fill a batch from them. A lane with
// messages in flight gives no others.
import { createPartition, type Partition } from './partition.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/**
 * What a receive is filled with, up to ten messages: with one message of each waiting lane in turn; with as many of a lane as
 * there are, and then of the next lane, as SQS is documented to do; with messages of a single lane; or with one message.
 */
export type Fill = 'eachLane' | 'laneFirst' | 'oneLane' | 'oneMessage';

export type SimulatedLane = {
  /** The subscription, a `#` and the number of the lane. */
  readonly name: string;
  readonly partition: Partition;
  /** Requests that the lane may have in flight. */
  readonly requests: number;
  /** When the waiting messages were sent, the oldest first. */
  readonly waiting: number[];
  isInFlight: boolean;
};
/** A lane's part of a batch. */
export type BatchPart = { readonly lane: SimulatedLane; readonly sentAt: readonly number[] };

export type SimulatedQueue = {
  send(lane: string, requests: number): void;
  /** The next batch; empty when no lane has a message that may be received now. */
  receive(): readonly BatchPart[];
  /** The messages of the lane that were in flight are deleted. */
  settle(lane: SimulatedLane): void;
  /** Messages that were sent and not received. */
  waiting(): number;
  readonly partitions: readonly Partition[];
};

type QueueDeps = {
  readonly timeline: Timeline;
  readonly random: Random;
  /** A lane that was held back because of the calls of its partition can be received again. */
  readonly onReady: () => void;
};

const BATCH = 10;

/** An empty queue with this number of partitions. */
export function createSimulatedQueue(
  { fill, partitions: count }: { readonly fill: Fill; readonly partitions: number },
  { timeline, random, onReady }: QueueDeps,
): SimulatedQueue {
  const partitions = Array.from({ length: count }, createPartition);
  const lanes = new Map<string, SimulatedLane>();
  /** Lanes that have waiting messages and none in flight. Those before `first` are gone. */
  let ready: SimulatedLane[] = [];
  let first = 0;
  /** Lanes that wait for a call of their partition. */
  const held = new Map<Partition, SimulatedLane[]>();
  let waiting = 0;

  function laneOf(name: string, requests: number): SimulatedLane {
    const known = lanes.get(name);
    if (known !== undefined) return known;
    // The hash of a name is as good as a random number.
    const partition = partitions[Math.floor(random() * count)] ?? createPartition();
    const lane: SimulatedLane = { name, partition, requests, waiting: [], isInFlight: false };
    lanes.set(name, lane);
    return lane;
  }

  function hold(lane: SimulatedLane): void {
    const others = held.get(lane.partition);
    if (others !== undefined) {
      others.push(lane);
      return;
    }
    held.set(lane.partition, [lane]);
    timeline.in(lane.partition.readyIn(timeline.now()), () => {
      ready.push(...(held.get(lane.partition) ?? []));
      held.delete(lane.partition);
      onReady();
    });
  }

  /** A receive is one call to each partition of which it has messages. */
  function nextLane(called: Set<Partition>): SimulatedLane | undefined {
    for (let lane = ready[first]; lane !== undefined; lane = ready[first]) {
      first += 1;
      if (called.has(lane.partition) || lane.partition.takes(timeline.now())) {
        called.add(lane.partition);
        return lane;
      }
      hold(lane);
    }
    return undefined;
  }

  return {
    partitions,
    waiting: () => waiting,
    send(name, requests) {
      const lane = laneOf(name, requests);
      waiting += 1;
      if (lane.waiting.push(timeline.now()) === 1 && !lane.isInFlight) ready.push(lane);
    },
    receive() {
      const called = new Set<Partition>();
      const batch: { lane: SimulatedLane; count: number }[] = [];
      let room = fill === 'oneMessage' ? 1 : BATCH;
      while (room > 0 && !(fill === 'oneLane' && batch.length === 1)) {
        const lane = nextLane(called);
        if (lane === undefined) break;
        const count = fill === 'eachLane' ? 1 : Math.min(room, lane.waiting.length);
        batch.push({ lane, count });
        room -= count;
      }
      // Too few lanes for a full batch: another message of each, as long as there is room.
      for (let isFilled = false; room > 0 && !isFilled; ) {
        isFilled = true;
        for (const part of batch) {
          if (room === 0 || part.count === part.lane.waiting.length) continue;
          part.count += 1;
          room -= 1;
          isFilled = false;
        }
      }
      if (first > 10_000) [ready, first] = [ready.slice(first), 0];
      return batch.map(({ lane, count }) => {
        lane.isInFlight = true;
        waiting -= count;
        return { lane, sentAt: lane.waiting.splice(0, count) };
      });
    },
    settle(lane) {
      lane.isInFlight = false;
      if (lane.waiting.length > 0) ready.push(lane);
    },
  };
}
