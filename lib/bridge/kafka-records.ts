// Turns dead letters into Kafka records, in batches of a size that brokers accept. Sends nothing.
import { deadLetterHeaders, recordValue } from '#lib/message/dead-letter-headers.ts';
import type { BridgedLetter } from './bridged-letter.ts';

/** A record for the client, with its size and the index of its letter. */
export type KafkaRecord = {
  readonly topic: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
  readonly partition: number;
  readonly bytes: number;
  readonly index: number;
};

/** Below Kafka's default limit of a batch (1 MiB and 12 bytes), without counting on compression. */
const MOST_BATCH_BYTES = 1_000_000;
/** Approximate bytes of a record's key and lengths and of the batch's head. */
const RECORD_BYTES = 100;

/** Topic and partition of a record. */
type Place = { readonly topic: string; readonly partitionOf: (key: Buffer) => number };

/** Makes one record per letter. Key and partition of a subscription are computed once. */
export function recordsOf(letters: readonly BridgedLetter[], { topic, partitionOf }: Place): KafkaRecord[] {
  const keys = new Map<string, { readonly key: Buffer; readonly partition: number }>();

  function keyOf(subscription: string) {
    const known = keys.get(subscription);
    if (known !== undefined) return known;
    const key = Buffer.from(subscription);
    const made = { key, partition: partitionOf(key) };
    keys.set(subscription, made);
    return made;
  }

  return letters.map(({ letter, record }, index) => {
    const { key, partition } = keyOf(letter.subscription);
    const headers = deadLetterHeaders(letter);
    const value = recordValue(letter, record.body);
    let bytes = RECORD_BYTES + key.length + value.length;
    for (const [name, text] of headers) bytes += name.length + text.length + 4;
    return { topic, key, value, headers, partition, bytes, index };
  });
}

/** Splits the records, in order, into batches below the brokers' default limit. A larger record gets a batch of its own. */
export function* batchesOf(records: readonly KafkaRecord[]): Generator<readonly KafkaRecord[]> {
  let batch: KafkaRecord[] = [];
  let bytes = 0;
  for (const one of records) {
    if (batch.length > 0 && bytes + one.bytes > MOST_BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(one);
    bytes += one.bytes;
  }
  if (batch.length > 0) yield batch;
}
