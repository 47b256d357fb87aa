// bridge on queues in memory, wired as its function wires it, with endpoints that take, refuse or fail as a test says.
// Time stands still unless a test moves it.
import { bridgeBatch } from '#lib/bridge/batch.ts';
import type { BridgedLetter, Passed } from '#lib/bridge/letter.ts';
import { createPublishers } from '#lib/bridge/publishers.ts';
import type { FoundEndpoint } from '#lib/endpoint/found.ts';
import { foundEndpoint } from '#lib/endpoint/found.ts';
import { ATTRIBUTE, type DeadLetter, encodeAttribute } from '#lib/message/attribute.ts';
import { gatherSends } from '#lib/queue/gathered.ts';
import { createQueues } from '#lib/queue/queues.ts';
import type { CountName, LogFields } from '#lib/telemetry/log.ts';
import { LIMITS } from './limits.ts';
import { createMemoryQueues } from './memory-queues.ts';

export const URLS = {
  deadLetters: 'http://sqs/0/dead-letters',
  undeliverable: 'http://sqs/0/undeliverable',
} as const;
const DAY_MS = 86_400_000;

export type Script = (letter: BridgedLetter) => Passed;
export const TAKEN: Passed = { kind: 'taken' };
export const DOWN: Passed = { kind: 'waits', reason: 'unreachable', detail: 'no broker answers' };

export function createBridgeWorld({ faultWaits = LIMITS.faultWaits } = {}) {
  let time = 1_700_000_000_000;
  const now = () => time;
  const memory = createMemoryQueues({ now });
  const endpoints = new Map<string, FoundEndpoint>();
  const scripts = new Map<string, Script>();
  const counts = new Map<CountName, number>();
  const lines: { event: string; fields: LogFields }[] = [];
  const write = (event: string, fields: LogFields) => void lines.push({ event, fields });
  /** By endpoint: each call with the messages that it was asked to take. */
  const published: { endpoint: string; messages: string[] }[] = [];
  const taken: BridgedLetter[] = [];
  let dynamoDbFails = false;

  const publisherOf = ({ name }: { readonly name: string }) => ({
    close() {},
    async publish(letters: readonly BridgedLetter[]) {
      published.push({ endpoint: name, messages: letters.map(({ letter }) => letter.messageId) });
      return letters.map((letter) => {
        const passed = scripts.get(name)?.(letter) ?? TAKEN;
        if (passed.kind === 'taken') taken.push(letter);
        return passed;
      });
    },
  });
  const deps = {
    queues: gatherSends(createQueues(memory.sqs, { callsAtOnce: 5 })),
    findEndpoint: async (name: string): Promise<FoundEndpoint> => {
      if (dynamoDbFails) throw new Error('DynamoDB does not answer');
      return endpoints.get(name) ?? { kind: 'absent' };
    },
    publishers: createPublishers({ kafka: publisherOf, sqs: publisherOf, now }),
    deadLettersQueueUrl: URLS.deadLetters,
    undeliverableQueueUrl: URLS.undeliverable,
    faultWaits,
    retentionMs: 14 * DAY_MS,
    log: { info: write, warn: write, error: write },
    infoAll: (event: string, list: readonly LogFields[]) =>
      list.forEach((fields) => void write(event, fields)),
    count: (name: CountName, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
    now,
    random: () => 0,
  };

  return {
    memory,
    counts,
    published,
    taken,
    now,
    pass: (ms: number) => {
      time += ms;
    },
    failDynamoDb: (fails: boolean) => {
      dynamoDbFails = fails;
    },
    /** An endpoint of this name, which does with each letter what the script says; takes it unless said. */
    endpoint(name: string, script: Script = () => TAKEN, queue = name): void {
      const configuration = { queueArn: `arn:aws:sqs:us-east-1:123456789012:${queue}` };
      endpoints.set(name, foundEndpoint({ name, type: 'sqs', configuration }));
      scripts.set(name, script);
    },
    putItem: (name: string, item: unknown) => void endpoints.set(name, foundEndpoint(item)),
    removeEndpoint: (name: string) => void endpoints.delete(name),
    send(letter: DeadLetter, body = letter.messageId): void {
      const attributes = { [ATTRIBUTE]: encodeAttribute({ kind: 'dead-letter', value: letter }) };
      memory.put(URLS.deadLetters, { body, attributes });
    },
    /** Polls once and has Lambda's part done: what is not reported is deleted. */
    async poll({ max = 10, remainingMs = 60_000 } = {}) {
      const records = memory.receive(URLS.deadLetters, { max, visibilitySeconds: 360 });
      const answer = await bridgeBatch(records, { remainingMs }, deps);
      const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const done = records.filter(({ messageId }) => !failed.has(messageId));
      await deps.queues.remove(
        URLS.deadLetters,
        done.map(({ receiptHandle }) => receiptHandle),
      );
      return { records: records.length, failed: failed.size };
    },
    /** What waits on `dead-letters`, with the seconds until it is seen. */
    waiting: () =>
      memory.stored(URLS.deadLetters).map(({ body, attributes, visibleAt }) => ({
        body,
        inSeconds: Math.ceil((visibleAt - time) / 1000),
        letter: JSON.parse(String(attributes[ATTRIBUTE])),
      })),
    undeliverable: () =>
      memory.taken(URLS.undeliverable).map(({ body, attributes }) => ({
        body,
        ...JSON.parse(String(attributes[ATTRIBUTE])),
      })),
    events: (name: string) => lines.filter(({ event }) => event === name).map(({ fields }) => fields),
  };
}
