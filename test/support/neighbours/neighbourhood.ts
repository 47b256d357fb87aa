// Everything that an offender can use: the tables and secrets, which a customer's portal writes, the publishers' queues, and
// servers on the network. The tests and the benchmark both give it to the offenders, over a local set.
import { randomUUID } from 'node:crypto';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { LocalSet } from '#lib/local/set.ts';
import { startBeside } from '#test/bench/beside.ts';
import type { AskedOfHostile, Manner } from './hostile-server.ts';

/** The parts of a local set that every version has. */
export type Clients = Pick<LocalSet, 'clients' | 'outputs'>;

export type HostileServer = {
  readonly url: string;
  count(): Promise<number>;
  heads(): Promise<string>;
  /** From now on requests get no answer. */
  hold(): Promise<void>;
  /** How many requests the sender gave up. */
  givenUp(): Promise<number>;
};

export type Publication = {
  readonly topic: string;
  readonly body?: string;
  readonly count?: number;
  readonly attributes?: Readonly<Record<string, string>>;
};

export type Neighbourhood = ReturnType<typeof createNeighbourhood>;

const HOSTILE = new URL('./hostile-server.ts', import.meta.url).href;

/**
 * The facts about the healthy subscriptions that an offender may use: their topic, and the name of a secret of one of them.
 */
export type Healthy = { readonly topic: string; readonly healthySecret: string };

type Invoke = (name: string, event: unknown) => Promise<unknown>;
const noFunctions: Invoke = () => Promise.reject(new Error('the benchmark invokes no function'));

/** `invoke`: invokes a function of the set directly. */
export function createNeighbourhood(
  { clients, outputs }: Clients,
  { topic, healthySecret }: Healthy,
  invoke: Invoke = noFunctions,
) {
  const documents = DynamoDBDocumentClient.from(clients.dynamodb, {
    marshallOptions: { removeUndefinedValues: true },
  });
  const closing: (() => void)[] = [];

  async function put(table: string, item: Record<string, unknown>): Promise<void> {
    await documents.send(new PutCommand({ TableName: outputs[table], Item: item }));
  }

  async function stateOf(subscription: string) {
    const { Item } = await documents.send(
      new GetCommand({
        TableName: outputs.StateTableName,
        Key: { pk: `sub#${subscription}`, sk: 'state' },
        ConsistentRead: true,
      }),
    );
    return Item;
  }

  return {
    topic,
    healthySecret,
    sqs: clients.sqs,
    outputs,
    invoke,
    putSubscription: (item: Record<string, unknown>) => put('SubscriptionsTableName', item),
    putEndpoint: (item: Record<string, unknown>) => put('EndpointsTableName', item),

    async putSecret(Name: string, value: unknown): Promise<void> {
      await clients.secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));
    },

    /** Sends messages to the publishers' queue without order, ten a call. */
    async publish({ topic: to, body = '{}', count = 1, attributes = {} }: Publication): Promise<void> {
      const MessageAttributes = Object.fromEntries(
        Object.entries({ ...attributes, topic: to }).map(([name, StringValue]) => [
          name,
          { DataType: 'String', StringValue },
        ]),
      );
      for (let left = count; left > 0; left -= 10) {
        const Entries = Array.from({ length: Math.min(10, left) }, () => ({
          Id: randomUUID(),
          MessageBody: body,
          MessageAttributes,
        }));
        await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl: outputs.MessagesQueueUrl, Entries }));
      }
    },

    /** The reason why the subscription is paused. */
    pauseReason: async (subscription: string): Promise<string | undefined> =>
      (await stateOf(subscription))?.pause?.reason,

    /** What the pause of the subscription says. */
    pauseDetail: async (subscription: string): Promise<string | undefined> =>
      (await stateOf(subscription))?.pause?.detail,

    /** Whether the subscription is marked as slow. */
    isSlow: async (subscription: string): Promise<boolean> =>
      (await stateOf(subscription))?.slow !== undefined,

    /** Repeats the check until it is true. Throws after a minute. */
    async until(look: () => Promise<boolean>, what: string): Promise<void> {
      const end = Date.now() + 60_000;
      while (!(await look())) {
        if (Date.now() > end) throw new Error(`${what}: not within a minute`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },

    /** Starts a server. It ends with the neighbourhood. */
    async serve(manner: Manner): Promise<HostileServer> {
      const server = await startBeside<AskedOfHostile>(HOSTILE, { args: [JSON.stringify(manner)] });
      closing.push(server.close);
      return {
        url: server.told,
        count: () => server.ask<number>('count'),
        heads: () => server.ask<string>('heads'),
        hold: () => server.ask<void>('hold'),
        givenUp: () => server.ask<number>('given-up'),
      };
    },

    close(): void {
      for (const close of closing) close();
    },
  };
}
