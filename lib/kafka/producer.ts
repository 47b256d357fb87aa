// The producer that letters are published by: idempotent, and confirmed only when all replicas in sync have a record.
import type { Producer } from '@platformatic/kafka';
import type { Compression } from '#lib/endpoint/endpoint.ts';
import type { ConnectionMade } from './connection.ts';

/** Nothing is connected before it is used. Imports the client, which takes a moment the first time. */
export async function createProducer(
  { options }: Pick<ConnectionMade, 'options'>,
  compression: Compression,
): Promise<Producer> {
  const kafka = await import('@platformatic/kafka');
  const producer = new kafka.Producer({
    ...options,
    idempotent: true,
    // Asks for an id of its own. Left out, it asks for the id 0, which strict brokers refuse.
    producerId: -1n,
    producerEpoch: -1,
    compression,
    metadataMaxAge: 60_000,
  });
  // A connection may fail once more after it has failed: without a listener that would end the process.
  producer.connections.on('connecting', ({ connection }) => connection.on('error', () => {}));
  return producer;
}
