// The deployed bridge over queues and tables in memory, with endpoints that accept, refuse or fail as a test decides. The
// clock stands still unless a test moves it.
import type { Context } from 'aws-lambda';
import type { BridgedLetter, Passed } from '#lib/bridge/bridged-letter.ts';
import { ATTRIBUTE, type DeadLetter, encodeAttribute } from '#lib/message/attribute.ts';
import type { CountName, LogFields } from '#lib/telemetry/log.ts';
import { ENVIRONMENT, URLS } from './environment.ts';
import { createBridge } from './functions.ts';
import { createMemoryDocuments, type Item } from './memory-documents.ts';
import { createMemoryQueues } from './memory-queues.ts';
import { telemetryInto } from './telemetry.ts';

export { URLS };

const nobody = { send: () => Promise.reject(new Error('nobody here has a secret')) };

export type Script = (letter: BridgedLetter) => Passed;
export const TAKEN: Passed = { kind: 'taken' };
export const DOWN: Passed = { kind: 'waits', reason: 'unreachable', detail: 'no broker answers' };

export function createBridgeWorld() {
  let time = 1_700_000_000_000;
  const now = () => time;
  const memory = createMemoryQueues({ now });
  const tables = createMemoryDocuments();
  const scripts = new Map<string, Script>();
  const counts = new Map<CountName, number>();
  const lines: { event: string; fields: LogFields }[] = [];
  const write = (event: string, fields: LogFields) => void lines.push({ event, fields });
  /** By endpoint: the messages of each call. */
  const published: { endpoint: string; messages: string[] }[] = [];
  const taken: BridgedLetter[] = [];

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
  // All polls use the same environment, which keeps its publishers and their circuit breakers.
  const handler = createBridge(
    {
      sqs: memory.sqs,
      sqsIn: () => memory.sqs,
      documents: tables.documents,
      secretsManager: nobody,
      iamToken: () => Promise.reject(new Error('no endpoint here has a role')),
      publishers: { kafka: publisherOf, sqs: publisherOf },
      surroundings: {
        now,
        random: () => 0,
        wait: async (ms) => {
          time += ms;
        },
        telemetryOf: () => telemetryInto({ log: { info: write, warn: write, error: write }, counts }),
      },
    },
    ENVIRONMENT,
  );

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
      tables.faults.call = () => (fails ? 'fail' : undefined);
    },
    /** Puts an endpoint of this name. It treats letters as `script` says; without a script it accepts them. */
    endpoint(name: string, script: Script = () => TAKEN, queue = name, tenant?: string): void {
      const configuration = { queueArn: `arn:aws:sqs:us-east-1:123456789012:${queue}` };
      tables.put('endpoints', { name, type: 'sqs', configuration, ...(tenant && { tenant }) });
      scripts.set(name, script);
    },
    putItem: (item: Item) => tables.put('endpoints', item),
    send(letter: DeadLetter, body = letter.messageId): void {
      const attributes = { [ATTRIBUTE]: encodeAttribute({ kind: 'dead-letter', value: letter }) };
      memory.put(URLS.deadLetters, { body, attributes });
    },
    /** Polls once and deletes the records that bridge does not report, as Lambda does. */
    async poll({ max = 10, remainingMs = 60_000 } = {}) {
      const records = memory.receive(URLS.deadLetters, { max, visibilitySeconds: 360 });
      const context = { awsRequestId: 'bridge', getRemainingTimeInMillis: () => remainingMs } as Context;
      const answer = await handler({ Records: records }, context);
      const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const done = records.filter(({ messageId }) => !failed.has(messageId));
      await memory.queues.remove(
        URLS.deadLetters,
        done.map(({ receiptHandle }) => receiptHandle),
      );
      return { records: records.length, failed: failed.size };
    },
    /** Messages on `dead-letters`, each with the seconds until it is visible. */
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
