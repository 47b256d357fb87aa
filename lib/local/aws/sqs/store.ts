// The messages of one queue and who may be handed out next. Lanes that can be received from stand in a line of their own, so a
// receive looks at what it hands out and at nothing else, however many messages wait behind a blocked group.
// It knows no receipts, no limits and no other queue: that is queue.ts.
import type { Clock } from '#lib/local/aws/clock.ts';
import { createLane, isFree, type Lane, type LaneEntry } from './lane.ts';
import { createLine, join, leave, unlinked } from './line.ts';
import type { Message } from './message.ts';
import type { Switches } from './switches.ts';

export type MessageStore = {
  put(message: Message, times: { delayMs: number; retentionMs: number; enqueuedAt: number }): LaneEntry;
  get(messageId: string): LaneEntry | undefined;
  /**
   * Takes up to `most` entries in flight; each must be hidden or removed next, which gives its lane its place again.
   */
  take(most: number): LaneEntry[];
  /** In flight for `ms` from now; visible at once when 0. */
  hide(entry: LaneEntry, ms: number): void;
  delay(entry: LaneEntry, ms: number): void;
  retain(entry: LaneEntry, retentionMs: number): void;
  remove(entry: LaneEntry): void;
  all(): Iterable<LaneEntry>;
  count(state: LaneEntry['state']): number;
  /** Lanes and messages that takes have looked at so far. */
  inspected(): number;
};

export type StoreDependencies = {
  readonly clock: Clock;
  readonly switches: Switches;
  readonly fifo: boolean;
  /** A message has become receivable. */
  readonly onFree: () => void;
};

const nothing = (): void => {};

export function createStore({ clock, switches, fifo, onFree }: StoreDependencies): MessageStore {
  const entries = new Map<string, LaneEntry>();
  const lanes = new Map<string, Lane>();
  const free = createLine<Lane>();
  const counts = { visible: 0, inFlight: 0, delayed: 0 };
  let sequence = 18_800_000_000_000_000_000n;
  let inspected = 0;

  // A lane is in the line of free lanes if its first message can be handed out. Called after every change to the lane.
  function settle(lane: Lane): void {
    const { first } = lane.entries;
    if (!first && lanes.get(lane.key) === lane) lanes.delete(lane.key);
    if (first && isFree(first, lane.inFlight, switches)) {
      join(free, lane);
      onFree();
    } else leave(lane);
  }

  function change(entry: LaneEntry, state: LaneEntry['state']): void {
    entry.cancelTimer();
    entry.cancelTimer = nothing;
    counts[entry.state]--;
    counts[state]++;
    if (entry.state === 'inFlight') entry.lane.inFlight--;
    if (state === 'inFlight') entry.lane.inFlight++;
    entry.state = state;
  }

  function showAfter(entry: LaneEntry, ms: number, state: 'inFlight' | 'delayed'): void {
    change(entry, ms > 0 ? state : 'visible');
    if (ms > 0) entry.cancelTimer = clock.setTimer(ms, () => showAfter(entry, 0, state));
    settle(entry.lane);
  }

  function remove(entry: LaneEntry): void {
    if (!entries.delete(entry.message.id)) return;
    change(entry, 'visible');
    counts.visible--;
    entry.cancelExpiry();
    leave(entry);
    settle(entry.lane);
  }

  function retain(entry: LaneEntry, retentionMs: number): void {
    entry.cancelExpiry();
    entry.cancelExpiry = clock.setTimer(entry.enqueuedAt + retentionMs - clock.now(), () => remove(entry));
  }

  function laneOf(message: Message): Lane {
    const key = fifo ? (message.groupId ?? '') : message.id;
    const lane = lanes.get(key) ?? createLane(key);
    lanes.set(key, lane);
    return lane;
  }

  return {
    put(message, { delayMs, retentionMs, enqueuedAt }) {
      const lane = laneOf(message);
      sequence += 1n;
      const entry: LaneEntry = {
        ...unlinked<LaneEntry>(),
        message,
        sequence,
        lane,
        enqueuedAt,
        state: 'visible',
        receives: 0,
        firstReceivedAt: 0,
        receivedAt: 0,
        givenBack: false,
        changed: false,
        cancelTimer: nothing,
        cancelExpiry: nothing,
      };
      entries.set(message.id, entry);
      counts.visible++;
      join(lane.entries, entry);
      retain(entry, retentionMs);
      showAfter(entry, delayMs, 'delayed');
      return entry;
    },

    take(most) {
      const taken: LaneEntry[] = [];
      while (taken.length < most && free.first) {
        const lane = free.first;
        leave(lane);
        inspected++;
        // What this very receive takes of the lane does not count as in flight.
        const inFlight = lane.inFlight;
        let entry = lane.entries.first;
        while (entry && taken.length < most && isFree(entry, inFlight, switches)) {
          inspected++;
          const next: LaneEntry | undefined = entry.after;
          change(entry, 'inFlight');
          taken.push(entry);
          entry = next;
        }
      }
      return taken;
    },

    get: (messageId) => entries.get(messageId),
    hide: (entry, ms) => showAfter(entry, ms, 'inFlight'),
    delay: (entry, ms) => showAfter(entry, ms, 'delayed'),
    retain,
    remove,
    all: () => entries.values(),
    count: (state) => counts[state],
    inspected: () => inspected,
  };
}
