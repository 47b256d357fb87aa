// Long polls: receives that found no message and wait. They are served in their order as soon as a message is visible.
import type { Clock } from '#lib/local/aws/clock.ts';

export type Poll<T> = {
  readonly waitMs: number;
  /** Tries to receive now. */
  readonly take: () => T[];
  readonly signal?: AbortSignal | undefined;
};

export type Waiters<T> = {
  /** Returns messages at once or when there are some; none when the time is up or the caller is gone. */
  wait(poll: Poll<T>): Promise<T[]>;
  /** A message may have become visible. */
  wake(): void;
  /** Ends every wait with an error. */
  end(reason: Error): void;
  size(): number;
};

type Waiter<T> = { readonly take: () => T[]; end(result: T[] | Error): void };

export function createWaiters<T>({ clock }: { clock: Clock }): Waiters<T> {
  const waiters = new Set<Waiter<T>>();
  let serving = false;

  function serve(): void {
    serving = false;
    for (const waiter of waiters) {
      const got = waiter.take();
      if (got.length === 0) return;
      waiter.end(got);
    }
  }

  return {
    wait({ waitMs, take, signal }) {
      const got = take();
      if (got.length > 0 || waitMs <= 0 || signal?.aborted) return Promise.resolve(got);
      return new Promise((resolve, reject) => {
        const giveUp = (): void => waiter.end([]);
        const cancelTimer = clock.setTimer(waitMs, giveUp);
        signal?.addEventListener('abort', giveUp, { once: true });
        const waiter: Waiter<T> = {
          take,
          end(result) {
            waiters.delete(waiter);
            cancelTimer();
            signal?.removeEventListener('abort', giveUp);
            if (result instanceof Error) reject(result);
            else resolve(result);
          },
        };
        waiters.add(waiter);
      });
    },
    wake() {
      if (serving || waiters.size === 0) return;
      serving = true;
      // In a later turn of the event loop: a batch of ten messages should wake one poll with all ten.
      setImmediate(serve);
    },
    end(reason) {
      for (const waiter of waiters) waiter.end(reason);
    },
    size: () => waiters.size,
  };
}
