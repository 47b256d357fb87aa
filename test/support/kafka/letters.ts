// Puts dead letters on a topic in the bridge's form, with a plain producer.
import { Producer } from '@platformatic/kafka';
import type { DeadLetter } from '#lib/message/attribute.ts';
import { deadLetterHeaders, recordValue } from '#lib/message/dead-letter-headers.ts';

export type Written = { readonly letter: DeadLetter; readonly body: string; readonly partition?: number };

/** Makes the record of a letter, as the bridge does. */
export const recordOf = (topic: string, { letter, body, partition }: Written) => ({
  topic,
  key: Buffer.from(letter.subscription),
  value: recordValue(letter, body),
  headers: deadLetterHeaders(letter),
  ...(partition !== undefined && { partition }),
});

/** Writes letters to a topic; within each partition they keep their order. */
export async function writeLetters(
  server: string,
  topic: string,
  letters: readonly Written[],
): Promise<void> {
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: [server],
    idempotent: true,
    producerId: -1n,
    producerEpoch: -1,
  });
  try {
    for (let at = 0; at < letters.length; at += 1_000) {
      const messages = letters.slice(at, at + 1_000).map((one) => recordOf(topic, one));
      await producer.send({ messages });
    }
  } finally {
    await producer.close();
  }
}
