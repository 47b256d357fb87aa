// The producer of dead letters: idempotent, and confirmed only when all in-sync replicas have a record.
import type { Producer } from '@platformatic/kafka';
import type { Compression } from '#lib/endpoint/endpoint.ts';
import { guardConnections } from './broker-guard.ts';
import type { ConnectionMade } from './connection.ts';

/** Makes a producer that connects at its first send. Importing the client takes a moment the first time. */
export async function createProducer(
  { options, brokers }: Pick<ConnectionMade, 'options' | 'brokers'>,
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
  guardConnections(producer.connections, { isTls: options.tls !== undefined, guard: brokers }, kafka);
  return producer;
}
