// The log lines of the functions on this machine, by log group, in memory. Each group keeps its newest lines up to a number
// of bytes; the oldest are dropped.

export type StoredLine = {
  /** Rises by one with each line of the group. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly text: string;
};

export type LogStore = {
  /** Makes an empty group, if there is none of this name. */
  create(group: string): void;
  add(group: string, text: string): void;
  /** The lines of a group from this number on, oldest first. Undefined: there is no such group. */
  from(group: string, number: number): IterableIterator<StoredLine> | undefined;
};

/** 16 MiB are about 40,000 attempts. */
export const BYTES_OF_A_GROUP = 16 * 1024 * 1024;
/** CloudWatch takes at most so much in one line. */
const BYTES_OF_A_LINE = 1024 * 1024;

type Group = { lines: StoredLine[]; bytes: number; next: number };

/** Makes a store without groups. `add` makes the group that it needs. */
export function createLogStore({
  now = Date.now,
  mostBytes = BYTES_OF_A_GROUP,
}: {
  now?: () => number;
  mostBytes?: number;
} = {}): LogStore {
  const groups = new Map<string, Group>();

  function groupOf(name: string): Group {
    const group = groups.get(name) ?? { lines: [], bytes: 0, next: 0 };
    groups.set(name, group);
    return group;
  }

  /** Drops an eighth at once: removing the first line of a long list each time is slow. */
  function shrink(group: Group): void {
    let index = 0;
    while (group.bytes > (mostBytes / 8) * 7 && index < group.lines.length - 1) {
      group.bytes -= group.lines[index]?.text.length ?? 0;
      index += 1;
    }
    group.lines = group.lines.slice(index);
  }

  return {
    create: (name) => void groupOf(name),
    add(name, whole) {
      const group = groupOf(name);
      const text = whole.slice(0, BYTES_OF_A_LINE);
      // Never before the line that is there: a page goes on after a number, and a search ends at a time.
      const at = Math.max(now(), group.lines.at(-1)?.at ?? 0);
      group.lines.push({ number: group.next, at, text });
      group.next += 1;
      group.bytes += text.length;
      if (group.bytes > mostBytes) shrink(group);
    },
    from(name, number) {
      const group = groups.get(name);
      if (group === undefined) return undefined;
      const first = group.lines[0]?.number ?? 0;
      return group.lines.slice(Math.max(0, number - first)).values();
    },
  };
}
