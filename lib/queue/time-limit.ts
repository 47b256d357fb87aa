// Waiting with a time limit. The work itself goes on, and its result may serve the next caller.

/** Returns the work's result, or undefined when it is not there at the given time (epoch milliseconds). */
export async function withTimeLimit<T>(
  by: number,
  work: Promise<T>,
  { now }: { readonly now: () => number },
): Promise<T | undefined> {
  if (by === Number.POSITIVE_INFINITY) return await work;
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, by - now()));
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}
