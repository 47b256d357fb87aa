// The producer of dead letters: idempotent, and confirmed only when all in-sync replicas have a record.
import type { Producer } from '@platformatic/kafka';
import type { Compression } from '#lib/endpoint/endpoint.ts';
import type { ConnectionMade } from './connection.ts';

/** Makes a producer that connects at its first send. Importing the client takes a moment the first time. */
export async function createProducer(
  { options }: Pick<ConnectionMade, 'options'>,
  compression: Compression,
): Promise<Producer> {
  const kafka = await import('@platformatic/kafka');
  const producer = new kafka.Producer({
    ...options,
    idempotent: true,
    // Asks for a new producer id. Without it the client asks for the id 0, which strict brokers refuse.
    producerId: -1n,
    producerEpoch: -1,
    compression,
    metadataMaxAge: 60_000,
  });
  // A failed connection may emit further errors; without a listener they would end the process.
  producer.connections.on('connecting', ({ connection }) => connection.on('error', () => {}));
  return producer;
}
