// Publishes dead letters to a Kafka topic by one idempotent producer that waits for all in-sync replicas. The producer is
// kept until it fails, or until its idle connections may be dead. What becomes of a failed letter is decided in batch.ts.
import type { Producer } from '@platformatic/kafka';
import type { KafkaEndpoint } from '#lib/endpoint/endpoint.ts';
import { type ConnectionDeps, connectionTo } from '#lib/kafka/connection.ts';
import { type FailureKind, failureOf, type KafkaFailure } from '#lib/kafka/failure.ts';
import { createProducer } from '#lib/kafka/producer.ts';
import { withTimeLimit } from '#lib/queue/time-limit.ts';
import type { BridgedLetter, Passed, Publisher, WaitReason } from './bridged-letter.ts';
import { batchesOf, type KafkaRecord, recordsOf } from './kafka-records.ts';
import { partitionFailures } from './partition-failures.ts';

export type KafkaPublisherDeps = ConnectionDeps & { readonly now: () => number };

type Kafka = typeof import('@platformatic/kafka');
type Client = { readonly kafka: Kafka; readonly producer: Producer };
type Ready = { readonly ok: true; readonly client: Client } | { readonly ok: false; readonly passed: Passed };
/** Shorter than a NAT gateway (350 s) or a broker (10 min) keeps the connection of a frozen function. */
const IDLE_MS = 240_000;

/** Makes the publisher of a Kafka endpoint. It connects at its first letter. */
export function createKafkaPublisher(endpoint: KafkaEndpoint, deps: KafkaPublisherDeps): Publisher {
  const { topic } = endpoint.configuration;
  let kept: (Client & { usedAt: number }) | undefined;
  let credentialsRefused = false;
  /** Versions of the secrets that were read, and those that the brokers refused. */
  const versions = new Map<string, string>();
  const refusedVersions = new Map<string, string | undefined>();

  async function connection() {
    const read = async (id: string) => {
      if (credentialsRefused) refusedVersions.set(id, versions.get(id));
      const refused = { user: `endpoint ${endpoint.name}`, version: refusedVersions.get(id) };
      const secret = credentialsRefused
        ? await deps.secrets.readAnew(id, refused)
        : await deps.secrets.read(id, refused);
      if (secret.ok) versions.set(id, secret.version);
      return secret;
    };
    return await connectionTo(endpoint.configuration, {
      ...deps,
      secrets: { read, readAnew: deps.secrets.readAnew },
    });
  }

  function close(): void {
    // Results and errors of a closed producer are ignored.
    kept?.producer.close().catch(() => {});
    kept = undefined;
  }

  /** Returns the present producer or a new one, or why there can be none. */
  async function ready(): Promise<Ready> {
    if (kept !== undefined && deps.now() - kept.usedAt < IDLE_MS) return { ok: true, client: kept };
    close();
    const made = await connection();
    if (!made.ok)
      return { ok: false, passed: { kind: 'waits', reason: 'credentials', detail: made.message } };
    const kafka = await import('@platformatic/kafka');
    const producer = await createProducer(made, endpoint.configuration.compressionType);
    kept = { kafka, producer, usedAt: deps.now() };
    return { ok: true, client: kept };
  }

  /** Writes the known results into `passed`. Throws errors of the endpoint as a whole. */
  async function send(
    letters: readonly BridgedLetter[],
    { kafka, producer }: Client,
    endsAt: number,
    passed: (Passed | undefined)[],
  ): Promise<void> {
    const metadata = await within(endsAt, producer.metadata({ topics: [topic] }));
    const partitions = metadata.topics.get(topic)?.partitionsCount ?? 1;
    // The same partitioner as Kafka's own producers.
    const partitionOf = (key: Buffer) =>
      kafka.compatibilityPartitioner({ topic, value: key }, key) % partitions;
    for (const batch of batchesOf(recordsOf(letters, { topic, partitionOf })))
      await sendBatch(batch, producer, endsAt, passed);
    if (kept !== undefined) kept.usedAt = deps.now();
    credentialsRefused = false;
  }

  /** Reports an error of one partition or one record for the letters concerned only. */
  async function sendBatch(
    batch: readonly KafkaRecord[],
    producer: Producer,
    endsAt: number,
    passed: (Passed | undefined)[],
  ): Promise<void> {
    let failures: ReturnType<typeof partitionFailures> = [];
    try {
      await within(endsAt, producer.send({ messages: [...batch] }));
    } catch (error) {
      failures = partitionFailures(error);
      // Some partitions did not answer, so it is unknown which letters they have.
      if (failures === undefined) throw error;
    }
    const failed = new Map(failures.map(({ partition, failure }) => [partition, failure]));
    for (const { partition, index } of batch) if (!failed.has(partition)) passed[index] = TAKEN;
    for (const [partition, failure] of failed) {
      const theirs = batch.filter((one) => one.partition === partition);
      const [first] = theirs;
      if (failure.kind !== 'record') {
        for (const { index } of theirs) passed[index] = waitsFor(failure);
      } else if (theirs.length === 1 && first !== undefined) {
        passed[first.index] = { kind: 'refused', reason: 'record-refused', detail: failure.detail };
      } else {
        // One of the records is at fault, or all together are too large: send each alone.
        for (const one of theirs) await sendBatch([one], producer, endsAt, passed);
      }
    }
  }

  return {
    close,
    async publish(letters, endsAt) {
      const passed: (Passed | undefined)[] = letters.map(() => undefined);
      let otherwise: Passed = waitsFor(LATE);
      try {
        const made = await ready();
        if (!made.ok) return letters.map(() => made.passed);
        await send(letters, made.client, endsAt, passed);
      } catch (error) {
        const failure = error instanceof Late ? LATE : failureOf(error);
        otherwise = waitsFor(failure);
        credentialsRefused = failure.kind === 'authentication';
        // The next call begins with a new producer.
        close();
      }
      return passed.map((one) => one ?? otherwise);
    },
  };
}

const TAKEN: Passed = { kind: 'taken' };

const REASONS: Readonly<Record<FailureKind, WaitReason>> = {
  record: 'unreachable',
  topic: 'missing',
  rights: 'rights',
  authentication: 'credentials',
  forbidden: 'unreachable',
  tls: 'unreachable',
  unreachable: 'unreachable',
  broker: 'unreachable',
};
const waitsFor = ({ kind, detail }: KafkaFailure): Passed => ({
  kind: 'waits',
  reason: REASONS[kind],
  detail,
});

class Late extends Error {}
const LATE: KafkaFailure = { kind: 'unreachable', detail: 'the brokers did not answer in time' };

/** Returns the promise's value, or throws when time runs out before. */
async function within<T extends object>(endsAt: number, promise: Promise<T>): Promise<T> {
  const value = await withTimeLimit(endsAt, promise, Date);
  if (value === undefined) throw new Late();
  return value;
}
