// Works on the messages of a lane, as many at once as the lane may have requests in flight.

/**
 * Works on items in order, at most `atOnce` at a time. Once `work` has returned false or thrown, no further item is started.
 * Resolves when all that were started have ended; then rejects with the first error, if there was one.
 */
export async function workAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<boolean>,
): Promise<void> {
  let started = 0;
  let goesOn = true;
  async function worker(): Promise<void> {
    while (goesOn && started < items.length) {
      const index = started++;
      try {
        if (!(await work(items[index] as T, index))) goesOn = false;
      } catch (error) {
        goesOn = false;
        throw error;
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}
