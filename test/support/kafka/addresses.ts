// The addresses of the broker that `npm run test:kafka` started, and the tests' own operations on it.
import { Admin } from '@platformatic/kafka';
import * as z from 'zod';
import type { KafkaAddresses } from './broker.ts';

const schema = z.object({
  plaintext: z.string(),
  saslPlaintext: z.string(),
  saslSsl: z.string(),
  ssl: z.string(),
});

/** Reads the addresses. Throws when the tests were not started by `npm run test:kafka`. */
export function kafkaAddresses(): KafkaAddresses {
  const text = process.env.KAFKA;
  if (text === undefined) throw new Error('These tests need a broker: run them with npm run test:kafka');
  return schema.parse(JSON.parse(text));
}

let topics = 0;

/** Makes a topic with a new, unique name and returns the name. */
export async function createTopic(
  server: string,
  { partitions = 3, configs = {} }: { partitions?: number; configs?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const topic = `t-${process.pid}-${Date.now()}-${topics++}`;
  await withAdmin(server, (admin) =>
    admin.createTopics({
      topics: [topic],
      partitions,
      replicas: 1,
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    }),
  );
  return topic;
}

export async function withAdmin<T>(server: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [server] });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** Counts the records that were ever put on the topic. */
export async function recordsOn(server: string, topic: string): Promise<number> {
  const offsets = await withAdmin(server, async (admin) => {
    const metadata = await admin.metadata({ topics: [topic] });
    const partitions = Array.from(
      { length: metadata.topics.get(topic)?.partitionsCount ?? 0 },
      (_, index) => index,
    );
    return await admin.listOffsets({
      topics: [
        { name: topic, partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp: -1n })) },
      ],
    });
  });
  return offsets.flatMap(({ partitions }) => partitions).reduce((sum, { offset }) => sum + Number(offset), 0);
}
