// Deletes the records of finished lanes from the queue while other lanes still run, so that a slow lane of the batch
// delays no other. Lanes that finish together are deleted in one call; Lambda deletes those that finish with the batch.
export type EarlyRemoval = {
  add(receiptHandles: readonly string[]): void;
  /** Deletes the gathered records now. Never throws. */
  flush(): Promise<void>;
  /** Waits for the calls in progress. Never throws. */
  end(): Promise<void>;
};

/**
 * Lanes are gathered for a quarter of the time that the batch has taken so far, within these bounds: a lane waits in
 * proportion to its own exchange, and a call of its own is made for few lanes also where their exchanges differ.
 */
const GATHER_MS = { share: 0.25, least: 5, most: 250 };

/**
 * Gathers receipt handles for `remove`, which reports failures by its result; Lambda deletes what it could not. The batch
 * begins now.
 */
export function createEarlyRemoval(
  remove: (receiptHandles: readonly string[]) => Promise<unknown>,
  { now }: { readonly now: () => number },
): EarlyRemoval {
  const begunAt = now();
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
      const gatherMs = (now() - begunAt) * GATHER_MS.share;
      timer ??= setTimeout(removeGathered, Math.min(Math.max(gatherMs, GATHER_MS.least), GATHER_MS.most));
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
