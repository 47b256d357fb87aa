// `deliver` as it is deployed, over a queue and tables in memory, one batch at a time: the test receives a batch as often as
// it likes, invokes the function with it, and may let it die in a request.
import type { Context, SQSRecord } from 'aws-lambda';
import { ATTRIBUTE, encodeAttribute } from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';
import type { CountName } from '#lib/telemetry/log.ts';
import { ENVIRONMENT, URLS } from './environment.ts';
import { createDeliver } from './functions.ts';
import { exchangeOf } from './ledger.ts';
import { createMemoryDocuments } from './memory-documents.ts';
import { createMemoryQueues } from './memory-queues.ts';
import { deliveryOf } from './records.ts';
import { telemetryInto } from './telemetry.ts';

type Options = {
  readonly qos?: string;
  readonly dlq?: boolean;
  /** `configuration.auth` of every subscription. */
  readonly auth?: object;
  /** Answers each read of a secret. Undefined: each read fails, because no test reads one. */
  readonly readSecret?: () => Promise<{ readonly SecretString: string }>;
  /** Called with the name of each command to SQS and DynamoDB before it is carried out. */
  readonly beforeCall?: (command: string) => Promise<void>;
};
type Answer = {
  readonly status?: number;
  readonly takesMs?: number;
  readonly kill?: true;
  readonly localFault?: true;
};

/** `deliver` over a queue that holds one message for each of these subscriptions. */
export function createBatches(
  subscriptions: readonly string[],
  { qos = 'at-least-once', dlq = false, auth, readSecret, beforeCall = async () => {} }: Options = {},
) {
  let time = 1_700_000_000_000;
  const now = () => time;
  const memory = createMemoryQueues({ now });
  const tables = createMemoryDocuments();
  const answers = new Map<string, Answer>();
  const posts: string[] = [];
  let open = 0;
  let mostOpen = 0;
  let died = Promise.withResolvers<undefined>();
  /** At each request, the starts that are counted then. */
  const startsAtRequests: Record<string, unknown>[] = [];

  tables.put('endpoints', {
    name: 'letters',
    type: 'sqs',
    configuration: { queueArn: 'arn:aws:sqs:us-east-1:123456789012:letters' },
  });
  const starts = (): Record<string, unknown> =>
    Object.fromEntries(
      tables
        .items('state')
        .filter(({ pk }) => String(pk).startsWith('start#'))
        .map(({ pk, starts: count }) => [String(pk).slice('start#'.length), count]),
    );
  let number = 0;
  const enqueue = (subscription: string, messageId: string) => {
    const delivery = deliveryOf({ subscription, messageId });
    number += 1;
    memory.put(URLS.deliveries, {
      body: `{"n":${number}}`,
      attributes: { [ATTRIBUTE]: encodeAttribute({ kind: 'delivery', value: delivery }) },
      group: groupOf(subscription, 0),
    });
  };
  for (const id of new Set(subscriptions)) {
    tables.put('subscriptions', {
      id,
      topic: 'orders',
      qos,
      ...(dlq && { dlq: { endpoint: 'letters' } }),
      configuration: {
        callbackUrl: 'https://hooks.example.com/in',
        retry: { retryOption: 'No Retry' },
        ...(auth && { auth }),
      },
    });
  }
  for (const [index, id] of subscriptions.entries()) enqueue(id, `${id}-${index + 1}`);

  const told = <Client extends { readonly send: unknown }>(client: Client): Client => ({
    ...client,
    send: async (command: { readonly constructor: { readonly name: string } }) => {
      await beforeCall(command.constructor.name);
      return (client.send as (one: unknown) => unknown)(command);
    },
  });
  const counts = new Map<CountName, number>();
  const telemetry = telemetryInto({ log: { info() {}, warn() {}, error() {} }, counts });
  const handler = createDeliver(
    {
      sqs: told(memory.sqs),
      documents: told(tables.documents),
      events: { send: async () => ({ FailedEntryCount: 0 }) } as never,
      secretsManager: {
        send: readSecret ?? (() => Promise.reject(new Error('nobody here has a secret'))),
      } as never,
      callback: {
        async exchange({ headers }) {
          const id = headers['webhook-id'] ?? '';
          posts.push(id);
          startsAtRequests.push(starts());
          open += 1;
          mostOpen = Math.max(mostOpen, open);
          const { status = 204, takesMs = 10, kill, localFault } = answers.get(id) ?? {};
          time += takesMs;
          if (kill) {
            open = 0;
            died.resolve(undefined);
            return await new Promise<never>(() => {});
          }
          // Work that was started beside this request gets the time to begin.
          await new Promise(setImmediate);
          open -= 1;
          return exchangeOf(localFault ? { localFault } : { status });
        },
        endInvocation: async () => {},
      },
      surroundings: {
        now,
        random: () => 0.5,
        wait: async (ms) => {
          time += ms;
        },
        telemetryOf: () => telemetry,
      },
    },
    ENVIRONMENT,
  );

  /** Receives a batch that was received so often before; nothing is done with it. */
  function receiveAgain(times: number): SQSRecord[] {
    for (let receive = 0; receive < times; receive += 1) {
      memory.receive(URLS.deliveries, { max: 10, visibilitySeconds: 1 });
      time += 1_000;
    }
    return memory.receive(URLS.deliveries, { max: 10, visibilitySeconds: 360 });
  }

  /**
   * Runs one invocation. Then it deletes the messages that the invocation did not report as failed, as Lambda does. Returns
   * the reported ids; undefined when the invocation died.
   */
  async function deliver(
    records: readonly SQSRecord[],
    remainingMs = 60_000,
    { lambdaDeletes = true } = {},
  ): Promise<string[] | undefined> {
    died = Promise.withResolvers<undefined>();
    const endsAt = time + remainingMs;
    const context = { awsRequestId: 'deliver', getRemainingTimeInMillis: () => endsAt - time } as Context;
    const answer = await Promise.race([handler({ Records: [...records] }, context), died.promise]);
    if (answer === undefined) return undefined;
    const failed = answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    const done = records.filter(({ messageId }) => !failed.includes(messageId));
    if (!lambdaDeletes) return failed;
    await memory.queues.remove(
      URLS.deliveries,
      done.map(({ receiptHandle }) => receiptHandle),
    );
    return failed;
  }

  return {
    memory,
    tables,
    answers,
    posts,
    counts,
    enqueue,
    receiveAgain,
    deliver,
    now,
    mostOpen: () => mostOpen,
    pass: (ms: number) => {
      time += ms;
    },
    starts,
    startsAtRequests,
  };
}
