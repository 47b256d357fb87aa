// Gathers log lines for a single write, because a write costs more CPU than making the lines. Each line waits for a short
// time only: those of a process that is killed are lost.

export type Lines = {
  /** Adds whole lines, with their line breaks. */
  add(lines: string): void;
  /** Writes what was gathered, now. */
  flush(): void;
};

/** Longest time that a line waits. A freeze after an invocation does not count: its end flushes. */
const LONGEST_MS = 25;
/** A pipe of Linux takes this much in one write. */
const MOST_CHARACTERS = 64 * 1024;

/** Makes the gatherer of a process's standard output. */
export function createLines(write: (text: string) => unknown): Lines {
  let gathered = '';
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (gathered === '') return;
    const text = gathered;
    gathered = '';
    write(text);
  }

  return {
    add(lines) {
      gathered += lines;
      if (gathered.length >= MOST_CHARACTERS) flush();
      // It keeps no process alive: surroundings.ts flushes at the exit.
      else timer ??= setTimeout(flush, LONGEST_MS).unref();
    },
    flush,
  };
}
