// Reads a topic between offsets, outside of any consumer group, so that nothing is joined or committed. Records of
// uncommitted transactions are left out. The records' content is parsed elsewhere.
import type { Consumer } from '@platformatic/kafka';
import { guardConnections } from './broker-guard.ts';
import { committed, type ReadRecord } from './committed.ts';
import type { ConnectionMade } from './connection.ts';
import { failureOf } from './failure.ts';

export type ReadPart = {
  readonly partition: number;
  readonly records: readonly ReadRecord[];
  /** The next offset: compaction and control records leave gaps. */
  readonly next: bigint;
};

export type TopicReader = {
  /**
   * For each partition, its first offset, or the first at this time (epoch milliseconds) or later, and its end: behind the
   * last committed record. Throws KafkaUnreadable.
   */
  bounds(since?: number): Promise<ReadonlyMap<number, { readonly first: bigint; readonly end: bigint }>>;
  /** Reads some records of each partition from its offset, maybe none. Throws KafkaUnreadable. */
  read(from: ReadonlyMap<number, bigint>): Promise<readonly ReadPart[]>;
  close(): Promise<void>;
};

/** A topic can't be read; the message says what to check. `offset-gone`: the offset is not in the topic any more. */
export class KafkaUnreadable extends Error {
  override name = 'KafkaUnreadable';
  readonly code: 'offset-gone' | 'unreadable';
  constructor(message: string, code: 'offset-gone' | 'unreadable', options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const LATEST = -1n;
const EARLIEST = -2n;
/** A partition without records at that time or later answers with this. */
const NONE = -1n;
const READ_COMMITTED = 1;
const WAIT_MS = 500;
const BYTES = 16 * 1024 * 1024;
const BYTES_OF_PARTITION = 2 * 1024 * 1024;

/** Makes a reader; the first call connects. Imports the client here, because it adds 300 ms to a cold start. */
export async function createTopicReader(
  topic: string,
  { options, brokers }: Pick<ConnectionMade, 'options' | 'brokers'>,
): Promise<TopicReader> {
  const kafka = await import('@platformatic/kafka');
  // The client requires a group name; the group is created only when it is joined, which never happens.
  const consumer = new kafka.Consumer({
    ...options,
    groupId: 'sqs-webhooks-none',
    autocreateTopics: false,
    isolationLevel: READ_COMMITTED,
  });
  guardConnections(consumer.connections, { isTls: options.tls !== undefined, guard: brokers }, kafka);
  consumer.topics.track(topic);

  async function withReadableErrors<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (hasCode(cause, 'OFFSET_OUT_OF_RANGE')) {
        throw new KafkaUnreadable('an offset is not in the topic any more', 'offset-gone', { cause });
      }
      const { kind, detail } = failureOf(cause);
      const text = kind === 'rights' ? detail.replace('publish to', 'read') : detail;
      throw new KafkaUnreadable(text, 'unreadable', { cause });
    }
  }

  const offsets = async (timestamp: bigint): Promise<readonly bigint[]> =>
    (await consumer.listOffsets({ topics: [topic], timestamp, isolationLevel: READ_COMMITTED })).get(topic) ??
    [];

  return {
    bounds: (since) =>
      withReadableErrors(async () => {
        const ends = await offsets(LATEST);
        const earliest = await offsets(EARLIEST);
        const later = since === undefined ? earliest : await offsets(BigInt(since));
        return new Map(
          ends.map((end, partition) => {
            const asked = later[partition] ?? NONE;
            const first = asked === NONE ? end : asked;
            const least = earliest[partition] ?? 0n;
            return [partition, { first: first < least ? least : first, end }];
          }),
        );
      }),
    read: (from) => withReadableErrors(() => readFrom(from, topic, consumer)),
    close: () => consumer.close(true).catch(() => {}),
  };
}

/** One fetch from each broker that leads some of the partitions. */
async function readFrom(
  from: ReadonlyMap<number, bigint>,
  topic: string,
  consumer: Consumer,
): Promise<readonly ReadPart[]> {
  const metadata = await consumer.metadata({ topics: [topic] });
  const { id: topicId, partitions = [] } = metadata.topics.get(topic) ?? {};
  const byLeader = Map.groupBy(from, ([partition]) => partitions[partition]?.leader ?? -1);
  const answers = await Promise.all(
    [...byLeader].map(([node, wanted]) =>
      consumer.fetch({
        node,
        isolationLevel: READ_COMMITTED,
        maxWaitTime: WAIT_MS,
        minBytes: 1,
        maxBytes: BYTES,
        topics: [
          {
            topicId: topicId ?? '',
            partitions: wanted.map(([partition, fetchOffset]) => ({
              partition,
              fetchOffset,
              currentLeaderEpoch: partitions[partition]?.leaderEpoch ?? -1,
              lastFetchedEpoch: -1,
              partitionMaxBytes: BYTES_OF_PARTITION,
            })),
          },
        ],
      }),
    ),
  );
  const parts: ReadPart[] = [];
  for (const { responses } of answers) {
    for (const answer of responses.flatMap(({ partitions }) => partitions)) {
      const offset = from.get(answer.partitionIndex);
      if (offset === undefined || !answer.records) continue;
      parts.push({
        partition: answer.partitionIndex,
        ...committed(answer.records, answer.abortedTransactions ?? [], offset),
      });
    }
  }
  return parts;
}

function hasCode(error: unknown, apiId: string, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 8) return false;
  if ('apiId' in error && error.apiId === apiId) return true;
  const inner = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return [...inner, 'cause' in error ? error.cause : undefined].some((one) => hasCode(one, apiId, depth + 1));
}
