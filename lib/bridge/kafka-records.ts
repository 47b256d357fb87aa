// Letters as records of a topic, and as many of them at once as a batch of Kafka's takes. Sends nothing.
import { deadLetterHeaders, recordValue } from '#lib/message/dead-letter-headers.ts';
import type { BridgedLetter } from './letter.ts';

/** What the client is given of a letter, and what it passes over: the record's size, and the letter's place. */
export type KafkaRecord = {
  readonly topic: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
  readonly partition: number;
  readonly bytes: number;
  readonly index: number;
};

/** Under Kafka's default for a batch (1 MiB and 12 bytes), whatever is compressed. */
const MOST_BATCH_BYTES = 1_000_000;
/** Key, lengths and the batch's own head, roughly; headers are counted. */
const RECORD_BYTES = 100;

/** Where a record goes. */
type Place = { readonly topic: string; readonly partitionOf: (key: Buffer) => number };

/** One record a letter. A subscription's key and partition are worked out once. */
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

/** In their order, each batch under the most that a broker takes by default; a record that is larger is one alone. */
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
