// The Kafka broker of a stage: a real one, which is killed, started again, and frozen under way.
import { setTimeout } from 'node:timers/promises';
import { createTopic, recordsOn } from '#test/support/kafka/addresses.ts';
import { startBroker } from '#test/support/kafka/broker.ts';
import { type ConsumedRecord, consume } from '#test/support/kafka/console-consumer.ts';

export type StageBroker = {
  readonly address: string;
  readonly topic: string;
  kill(): Promise<void>;
  /** Kills it and starts it again. Resolves when it is ready. */
  restart(): Promise<void>;
  freeze(forMs: number): Promise<void>;
  /** Resolves when it is ready, whatever happened to it. */
  calm(): Promise<void>;
  /** The letters that came onto the topic since the last call, as Kafka's own consumer reads them. */
  letters(): Promise<readonly KafkaLetter[]>;
  close(): Promise<void>;
};

export type KafkaLetter = {
  readonly subscription: string;
  readonly id: string;
  readonly reason: string | undefined;
  readonly endpoint: string | undefined;
  readonly body: Buffer;
};

/** The run's clock is hours ahead of the broker's, which would refuse such records. */
const ANY_TIME = { 'log.message.timestamp.after.max.ms': '9223372036854775807' };

export async function startStageBroker(): Promise<StageBroker> {
  const broker = await startBroker(ANY_TIME);
  const topic = await createTopic(broker.plaintext);
  const known = new Set<string>();
  const placeOf = ({ partition, offset }: ConsumedRecord) => `${partition} ${offset}`;
  const isNew = (record: ConsumedRecord) => !known.has(placeOf(record));
  let isDown = false;
  let starting: Promise<void> | undefined;

  async function kill(): Promise<void> {
    await starting;
    isDown = true;
    await broker.kill();
  }

  async function start(): Promise<void> {
    if (!isDown) return;
    await broker.start();
    isDown = false;
  }

  const calm = () => {
    starting ??= start().finally(() => {
      starting = undefined;
    });
    return starting;
  };

  return {
    address: broker.plaintext,
    topic,
    kill,
    async restart() {
      await kill();
      await calm();
    },
    async freeze(forMs) {
      broker.freeze();
      await setTimeout(forMs);
      broker.thaw();
    },
    calm,
    async letters() {
      const count = await recordsOn(broker.plaintext, topic);
      if (count === 0) return [];
      const records = consume(broker.plaintext, topic, count).filter(isNew);
      for (const record of records) known.add(placeOf(record));
      return records.map(({ key, headers, value }) => ({
        subscription: key,
        id: headers['webhook-id'] ?? '',
        reason: headers['webhook-reason'],
        endpoint: headers['webhook-endpoint'],
        body: value,
      }));
    },
    close: broker.close,
  };
}
