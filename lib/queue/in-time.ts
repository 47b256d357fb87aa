// Waiting with an end. What is waited for goes on, and what it brings may be there for the next who asks.

/** What the work comes to, or undefined when it is not there by then (epoch milliseconds). */
export async function inTime<T>(
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
