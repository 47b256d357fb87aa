// Checks a `kafka` endpoint: do the brokers answer, do they accept the credentials, does the topic exist, and may this user
// write to it? Publishes nothing.
import type { Producer } from '@platformatic/kafka';
import type { KafkaEndpoint } from '#lib/endpoint/endpoint.ts';
import { type ConnectionDeps, connectionTo } from '#lib/kafka/connection.ts';
import { failureOf } from '#lib/kafka/failure.ts';
import { createProducer } from '#lib/kafka/producer.ts';
import type { EndpointChecked } from './check-queue.ts';

/** Checks the topic. Never rejects: every failure is a finding. */
export async function checkTopic(
  { configuration }: KafkaEndpoint,
  deps: ConnectionDeps,
): Promise<EndpointChecked> {
  const connection = await connectionTo(configuration, deps);
  if (!connection.ok) return { ok: false, findings: [`${connection.message}.`] };
  const producer = await createProducer(connection, configuration.compressionType);
  const { topic } = configuration;
  try {
    const { brokers, topics } = await producer.metadata({ topics: [topic] });
    const findings = [
      `${counted(brokers.size, 'broker')} ${brokers.size === 1 ? 'answers' : 'answer'} over ${configuration.security.protocol}.`,
      `The topic ${topic} exists, with ${counted(topics.get(topic)?.partitionsCount ?? 0, 'partition')}.`,
    ];
    // An idempotent producer's first request, which a broker may refuse separately.
    await producer.initIdempotentProducer({});
    if (!(await mayWrite(topic, producer, connection.options.bootstrapBrokers))) {
      return {
        ok: false,
        findings: [
          ...findings,
          `This user has no permission to publish to ${topic}: allow WRITE on the topic.`,
        ],
      };
    }
    return { ok: true, findings: [...findings, 'This user may publish to it.'] };
  } catch (error) {
    return { ok: false, findings: [`The check failed: ${failureOf(error).detail}.`] };
  } finally {
    await producer.close().catch(() => {});
  }
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Whether writing is allowed. A broker without access control allows everything; no answer counts as allowed. */
async function mayWrite(topic: string, producer: Producer, servers: readonly string[]): Promise<boolean> {
  const { metadataV9, AclOperations } = await import('@platformatic/kafka');
  const brokers = servers.map((server) => {
    const at = server.lastIndexOf(':');
    return { host: server.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(server.slice(at + 1)) };
  });
  const connection = await producer.connections.getFirstAvailable(brokers);
  const { topics } = await metadataV9.api.async(connection, [topic], false, true, false);
  const operations = topics.find(({ name }) => name === topic)?.topicAuthorizedOperations ?? NOT_SAID;
  return operations === NOT_SAID || (operations & (1 << AclOperations.WRITE)) !== 0;
}

const NOT_SAID = -2_147_483_648;
