// Gathers the sends of many messages into as few calls as SQS allows: a call with ten entries costs as much as with one.
import type { Confirmations, Outgoing, Queues } from './queues.ts';

type Waiting = {
  readonly entries: readonly Outgoing[];
  readonly resolve: (confirmations: Confirmations) => void;
  readonly reject: (error: unknown) => void;
};

/** Returns the same queues, with the sends to one queue gathered within one turn of the event loop. */
export function gatherSends<Q extends Pick<Queues, 'send'>>(queues: Q): Q {
  const waiting = new Map<string, Waiting[]>();

  async function flush(queueUrl: string): Promise<void> {
    const sends = waiting.get(queueUrl) ?? [];
    waiting.delete(queueUrl);
    try {
      const confirmations = await queues.send(
        queueUrl,
        sends.flatMap(({ entries }) => entries),
      );
      let start = 0;
      for (const { entries, resolve } of sends) {
        resolve(confirmations.slice(start, start + entries.length));
        start += entries.length;
      }
    } catch (error) {
      for (const { reject } of sends) reject(error);
    }
  }

  return {
    ...queues,
    send(queueUrl: string, entries: readonly Outgoing[]): Promise<Confirmations> {
      // An empty send needs no call.
      if (entries.length === 0) return Promise.resolve([]);
      return new Promise((resolve, reject) => {
        const sends = waiting.get(queueUrl) ?? [];
        sends.push({ entries, resolve, reject });
        waiting.set(queueUrl, sends);
        if (sends.length === 1) setImmediate(() => void flush(queueUrl));
      });
    },
  };
}
