// AWS clients in memory that always succeed, answer at once, and count the calls of `deliver`.
import type { SQSRecord } from 'aws-lambda';
import { encodeAttribute } from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';

type Command = { readonly constructor: { readonly name: string }; readonly input: unknown };
export type CountingClients = ReturnType<typeof createCountingClients>;

/** Makes clients whose `send` answers like AWS. There is one subscription for each quality of service; all call `callbackUrl`. */
export function createCountingClients(callbackUrl: string) {
  let calls: Record<string, number> = {};
  const count = (command: Command) => {
    const { name } = command.constructor;
    calls[name] = (calls[name] ?? 0) + 1;
  };
  const items = ['none', 'auto', 'at-most-once', 'at-least-once'].map((qos) => ({
    id: `bench-${qos}`,
    topic: 'bench',
    qos,
    configuration: { entrypointId: 'webhook-advanced', callbackUrl, http: { maxConcurrentConnections: 20 } },
  }));
  return {
    sqs: {
      send: async (command: Command) => {
        count(command);
        const { Entries = [] } = command.input as { Entries?: { Id: string }[] };
        return { Successful: Entries.map(({ Id }) => ({ Id })) };
      },
    } as never,
    events: { send: async () => ({}) } as never,
    secretsManager: NO_SECRETS,
    documents: {
      send: async (command: Command) => {
        count(command);
        const { RequestItems } = command.input as {
          RequestItems?: { subscriptions: { Keys: { id: string }[] } };
        };
        if (!RequestItems) return {};
        const ids = RequestItems.subscriptions.Keys.map(({ id }) => id);
        return { Responses: { subscriptions: items.filter(({ id }) => ids.includes(id)) } };
      },
    } as never,
    calls: () => calls,
    reset: () => {
      calls = {};
    },
  };
}

export const counted = (clients: CountingClients): Record<string, number> => clients.calls();

/** The benchmark's subscriptions name no secrets. */
export const NO_SECRETS = { send: () => Promise.reject(new Error('nobody has a secret')) } as never;

let made = 0;

/** Makes ten records of `deliveries.fifo`, spread evenly over `lanes` lanes. */
export function deliveriesFor(of: {
  qos: string;
  lanes: number;
  firstLane: number;
  body: string;
}): SQSRecord[] {
  const subscription = `bench-${of.qos}`;
  return Array.from({ length: 10 }, (_, index) => {
    const messageId = `bench-${made++}`;
    const attribute = encodeAttribute({
      kind: 'delivery',
      value: {
        subscription,
        messageId,
        topic: 'bench',
        contentType: 'application/json',
        headers: {},
        publishedAt: Date.now(),
        attempt: 1,
        sends: 0,
      },
    });
    return {
      messageId,
      receiptHandle: messageId,
      body: of.body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(Date.now()),
        SenderId: 'bench',
        ApproximateFirstReceiveTimestamp: String(Date.now()),
        MessageGroupId: groupOf(subscription, of.firstLane + (index % of.lanes)),
        SequenceNumber: String(made),
      },
      messageAttributes: { 'sqs-webhooks': { dataType: 'String', stringValue: attribute } },
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:deliveries.fifo',
      awsRegion: 'us-east-1',
    };
  });
}
