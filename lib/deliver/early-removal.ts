// Deletes the records of finished lanes from the queue while other lanes still run, so that a slow lane of the batch
// delays no other. Lanes that finish together are deleted in one call; Lambda deletes those that finish with the batch.
export type EarlyRemoval = {
  add(receiptHandles: readonly string[]): void;
  /** Deletes the gathered records now. Never throws. */
  flush(): Promise<void>;
  /** Waits for the calls in progress. Never throws. */
  end(): Promise<void>;
};

const GATHER_MS = 5;

/** Gathers receipt handles for `remove`, which reports failures by its result; Lambda deletes what it could not. */
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
