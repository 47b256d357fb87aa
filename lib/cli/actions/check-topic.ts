// Checks a `kafka` endpoint: do the brokers answer, do they accept the credentials, does the topic exist, can the leader of
// each partition be reached at the address that it advertises, and may this user write to the topic? Publishes nothing.
import type { ClusterMetadata, ClusterTopicMetadata, Producer } from '@platformatic/kafka';
import type { EndpointChecked } from '#lib/endpoint/check-queue.ts';
import type { KafkaEndpoint } from '#lib/endpoint/endpoint.ts';
import { addressOf, brokerOf } from '#lib/kafka/broker-guard.ts';
import { type ConnectionDeps, connectionTo } from '#lib/kafka/connection.ts';
import { failureOf } from '#lib/kafka/failure.ts';
import { createProducer } from '#lib/kafka/producer.ts';

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
    const unreached = await unreachedLeaders(topics.get(topic), brokers, producer);
    if (unreached.length > 0) return { ok: false, findings: [...findings, ...unreached] };
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

/**
 * Connects to the leader of each partition, at the address that it advertises: records go there, and not to the bootstrap
 * servers. Returns a finding for each address that can't be reached.
 */
async function unreachedLeaders(
  topic: ClusterTopicMetadata | undefined,
  brokers: ClusterMetadata['brokers'],
  producer: Producer,
): Promise<string[]> {
  const leaders = Map.groupBy(topic?.partitions.entries() ?? [], ([, { leader }]) => leader);
  const findings = await Promise.all(
    [...leaders].map(async ([leader, led]) => {
      const partitions = `${counted(led.length, 'partition')} (${led.map(([partition]) => partition).join(', ')})`;
      const broker = brokers.get(leader);
      if (broker === undefined) return [`No broker leads ${partitions}.`];
      try {
        await producer.connections.get(broker);
        return [];
      } catch (error) {
        const { detail } = failureOf(error);
        return [
          `The leader of ${partitions} advertises ${addressOf(broker)}, which can't be reached from here: ${detail}.`,
        ];
      }
    }),
  );
  return findings.flat();
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Whether writing is allowed. A broker without access control allows everything; no answer counts as allowed. */
async function mayWrite(topic: string, producer: Producer, servers: readonly string[]): Promise<boolean> {
  const { metadataV9, AclOperations } = await import('@platformatic/kafka');
  const connection = await producer.connections.getFirstAvailable(servers.map(brokerOf));
  const { topics } = await metadataV9.api.async(connection, [topic], false, true, false);
  const operations = topics.find(({ name }) => name === topic)?.topicAuthorizedOperations ?? NOT_SAID;
  return operations === NOT_SAID || (operations & (1 << AclOperations.WRITE)) !== 0;
}

const NOT_SAID = -2_147_483_648;
