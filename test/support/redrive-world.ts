// redrive as it is deployed, over queues and tables in memory, on time that the test owns: what lies in a queue, what is
// asked, and what went where.
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { decodeDelivery } from '#lib/message/attribute.ts';
import { FULL_AT } from '#lib/queue/backstop.ts';
import type { RedriveAnswer } from '#lib/redrive/redrive.ts';
import type { CountName } from '#lib/telemetry/log.ts';
import { ENVIRONMENT, URLS as OWN } from './environment.ts';
import { createRedrive } from './functions.ts';
import { createMemoryDocuments, type Item } from './memory-documents.ts';
import { createMemoryQueues } from './memory-queues.ts';
import { attributesOf } from './records.ts';
import { telemetryInto } from './telemetry.ts';

const at = (name: string) => `https://sqs.us-east-1.amazonaws.com/123456789012/${name}`;
export const URLS = {
  ...OWN,
  rejected: at('rejected'),
  rejectedFifo: at('rejected.fifo'),
  other: at('other'),
} as const;

/** When a world begins, epoch milliseconds. */
export const START = 1_000_000;
/** Milliseconds at the end of an invocation in which the function starts no more work. */
const RESERVE_MS = 10_000;

export type Done = Extract<RedriveAnswer, { ok: true }>;

type Options = { readonly qos?: string; readonly lanes?: number; readonly dlq?: string | undefined };

export function createRedriveWorld({ msPerCall = 1, mostRounds = 10 } = {}) {
  let time = START;
  const now = () => time;
  const memory = createMemoryQueues({ now });
  const tables = createMemoryDocuments();
  const counts = new Map<CountName, number>();
  const isFull = { now: false };
  const secretsAsked: unknown[] = [];
  // Every call takes its time; an empty receive is a long poll, beside others.
  const sqs = {
    async send(command: object) {
      time += msPerCall;
      const begunAt = time;
      const isCount = command instanceof GetQueueAttributesCommand;
      if (isCount && isFull.now && command.input.QueueUrl === OWN.deliveries) {
        return { Attributes: { ApproximateNumberOfMessages: String(FULL_AT) } };
      }
      const answer: object = await Reflect.apply(memory.sqs.send, memory.sqs, [command]);
      if ('Messages' in answer && Array.isArray(answer.Messages) && answer.Messages.length === 0)
        time = Math.max(time, begunAt + 1_000);
      return answer;
    },
  } as typeof memory.sqs;

  const putEndpoint = (name: string, queueUrl: string) =>
    tables.put('endpoints', { name, type: 'sqs', configuration: { queueUrl } });
  putEndpoint('rejected', URLS.rejected);
  putEndpoint('rejected-fifo', URLS.rejectedFifo);
  putEndpoint('other', URLS.other);
  // The account of the functions' own queues.
  putEndpoint('own', 'https://sqs.us-east-1.amazonaws.com/000000000000/dead-letters');
  putEndpoint('partner', at('dead-letters'));

  const log = { info() {}, warn() {}, error() {} };
  const handler = createRedrive(
    {
      sqs,
      sqsIn: () => sqs,
      documents: tables.documents,
      secretsManager: {
        async send({ input }: { readonly input: { readonly SecretId?: string } }) {
          secretsAsked.push(input.SecretId);
          throw new Error('nobody here has a secret');
        },
      } as never,
      iamToken: () => Promise.reject(new Error('no endpoint here has a role')),
      surroundings: {
        now,
        random: () => 1,
        wait: async (ms) => {
          time += ms;
        },
        telemetryOf: () => telemetryInto({ log, counts }),
      },
    },
    { ...ENVIRONMENT, MOST_REDRIVE_ROUNDS: String(mostRounds) },
  );

  async function ask(event: Record<string, unknown>, seconds = 300): Promise<RedriveAnswer> {
    const endsAt = time + seconds * 1_000 + RESERVE_MS;
    const context = { awsRequestId: 'redrive', getRemainingTimeInMillis: () => endsAt - time } as Context;
    return (await handler(event, context)) as RedriveAnswer;
  }

  return {
    memory,
    tables,
    counts,
    isFull,
    /** The names of the secrets that were read, in order. */
    secretsAsked,
    now,
    pass: (ms: number) => {
      time += ms;
    },
    ask,
    /** A subscription whose dead letters go to this endpoint; `undefined` for one without a dlq. */
    subscribe(id: string, { qos = 'at-least-once', lanes = 5, dlq }: Options = {}): void {
      tables.put('subscriptions', {
        id,
        topic: 'orders',
        qos,
        ...(dlq !== undefined && { dlq: { endpoint: dlq } }),
        configuration: {
          callbackUrl: 'https://hooks.example.com/in',
          http: { maxConcurrentConnections: lanes },
        },
      });
    },
    putItem: (item: Item) => tables.put('subscriptions', item),
    /** One call that must be understood. */
    async call(event: Record<string, unknown>, seconds?: number): Promise<Done> {
      const answer = await ask(event, seconds);
      if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
      return answer;
    },
    /** Calls until it is done, as the CLI does. */
    async callAll(event: Record<string, unknown>, seconds?: number): Promise<Done[]> {
      const answers: Done[] = [];
      let cursor: string | undefined;
      do {
        const answer = await ask({ ...event, ...(cursor !== undefined && { cursor }) }, seconds);
        if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
        if (answers.length > 100) throw new Error('it does not end');
        answers.push(answer);
        cursor = answer.cursor;
      } while (cursor !== undefined);
      return answers;
    },
    /** All that was put into lanes, in order, with the lane's group. */
    deliveries: () =>
      memory.taken(URLS.deliveries).map(({ attributes, body, group }) => {
        const delivery = decodeDelivery(attributesOf(attributes));
        if (!delivery.ok) throw new Error(delivery.detail);
        return { ...delivery.value, body, group };
      }),
    /** The messages that a receive from the queue could return now. */
    visible: (url: string) => memory.stored(url).filter(({ visibleAt }) => visibleAt <= time),
  };
}
