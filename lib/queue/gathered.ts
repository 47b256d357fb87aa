// Sends of many messages at once, gathered into as few calls as SQS allows: ten entries cost what one does.
import type { Confirmations, Outgoing, Queues } from './queues.ts';

type Waiting = {
  readonly entries: readonly Outgoing[];
  readonly resolve: (confirmations: Confirmations) => void;
  readonly reject: (error: unknown) => void;
};

/** The same queues; what is sent to one queue in the same turn of the event loop goes out together. */
export function gatherSends(queues: Queues): Queues {
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
    send(queueUrl, entries) {
      // Nothing waits for no turn.
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
