// Settled lanes leave the queue while others of the batch still run: a slow neighbour holds nobody's lane. Lanes that
// end together are removed in one call, and what ends with the batch is left for Lambda to delete.
export type EarlyRemoval = {
  add(receiptHandles: readonly string[]): void;
  /** Removes what is gathered, now. Never throws. */
  flush(): Promise<void>;
  /** Waits for the calls under way. Never throws. */
  end(): Promise<void>;
};

const GATHER_MS = 5;

/** `remove` tells of failures by its result; what it fails to remove, Lambda deletes after the batch. */
export function createEarlyRemoval(
  remove: (receiptHandles: readonly string[]) => Promise<unknown>,
): EarlyRemoval {
  let gathered: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const calls: Promise<unknown>[] = [];
  function removeGathered(): void {
    timer = undefined;
    calls.push(remove(gathered));
    gathered = [];
  }
  return {
    add(receiptHandles) {
      if (receiptHandles.length === 0) return;
      gathered.push(...receiptHandles);
      timer ??= setTimeout(removeGathered, GATHER_MS);
    },
    async flush() {
      clearTimeout(timer);
      if (gathered.length > 0) removeGathered();
      await Promise.all(calls);
    },
    async end() {
      clearTimeout(timer);
      await Promise.all(calls);
    },
  };
}
