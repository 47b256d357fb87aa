// AWS clients in memory that always succeed, answer at once, and count the calls of `route` and `deliver`.

import type { SQSRecord } from 'aws-lambda';
import { encodeAttribute } from '#lib/message/attribute.ts';
import { groupOf, laneFor } from '#lib/message/lane.ts';
import { laneOfSlot } from '#lib/message/lane-layout.ts';
import { stateKey } from '#lib/state/keys.ts';
import { NO_STATE } from '#lib/state/state.ts';
import { createCallCounter } from './call-counter.ts';

type Command = { readonly constructor: { readonly name: string }; readonly input: unknown };

const QOS = ['none', 'auto', 'at-most-once', 'at-least-once'];
/** The caps of the benchmark's subscriptions. */
const CAPS = [1, 5, 20];
/** How many subscriptions there are of each quality of service and cap. */
const COPIES = 10;

/** The id of a benchmark's subscription; `copy` counts from 0. */
export const benchId = (qos: string, cap: number, copy = 0): string => `bench-${qos}-${cap}-${copy}`;

type Rules = { readonly order?: 'subscription' | 'key'; readonly perRequest?: number };

/** Makes clients whose `send` answers like AWS. Its subscriptions all call `callbackUrl`, under the same rules. */
export function createCountingClients(
  callbackUrl: string,
  { order = 'subscription', perRequest = 1 }: Rules = {},
) {
  const { count, calls, reset } = createCallCounter();
  let keysRead = 0;
  const items = QOS.flatMap((qos) =>
    CAPS.flatMap((cap) =>
      Array.from({ length: COPIES }, (_, copy) => ({
        id: benchId(qos, cap, copy),
        qos,
        order,
        configuration: {
          entrypointId: 'webhook-advanced',
          callbackUrl,
          http: { maxConcurrentConnections: cap },
          // A CloudEvents batch takes any body.
          ...(perRequest > 1 && { batch: { maxMessages: perRequest, format: 'cloudevents-batch' } }),
        },
      })),
    ),
  );
  return {
    sqs: {
      send: async (command: Command) => {
        count(command);
        if (command.constructor.name === 'GetQueueAttributesCommand')
          return { Attributes: { ApproximateNumberOfMessages: '0' } };
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
          RequestItems?: { subscriptions?: { Keys: { id: string }[] }; state?: { Keys: { pk: string }[] } };
        };
        const { Key } = command.input as { Key?: { id?: string } };
        if (!RequestItems) return { Item: items.find(({ id }) => id === Key?.id) };
        for (const { Keys } of Object.values(RequestItems)) keysRead += Keys.length;
        const ids = RequestItems.subscriptions?.Keys.map(({ id }) => id) ?? [];
        // `route` reads states alone.
        const pks = RequestItems.state?.Keys.map(({ pk }) => pk) ?? [];
        const asked = items.filter(({ id }) => ids.includes(id));
        // Each has delivered before: an ordered subscription notes its lanes once in its life.
        const known = items.filter(({ id }) => pks.includes(stateKey(id).pk));
        const state = known.map(({ id, configuration: { http } }) => {
          const layout = order === 'key' ? http.maxConcurrentConnections : 1;
          return { ...stateKey(id), ...NO_STATE, version: 1, layout };
        });
        return { Responses: { subscriptions: asked, state } };
      },
    } as never,
    calls,
    /** Items that batch reads asked for. */
    keysRead: () => keysRead,
    reset: () => {
      reset();
      keysRead = 0;
    },
  };
}

/** The benchmark's subscriptions name no secrets. */
export const NO_SECRETS = { send: () => Promise.reject(new Error('nobody has a secret')) } as never;

let made = 0;

type Deliveries = {
  readonly qos: string;
  readonly cap: number;
  /** `key`: the records of a subscription have one key. */
  readonly order?: 'subscription' | 'key';
  /** Requests of the cap that these records use, from this one on. */
  readonly firstSlot?: number;
  readonly slots?: number;
  /** The records are spread evenly over this many subscriptions. */
  readonly subscriptions?: number;
  readonly count?: number;
  readonly body: string;
};

/** Makes records of `deliveries.fifo`, ten unless `count` says another number. */
export function deliveriesFor(of: Deliveries): SQSRecord[] {
  const { qos, cap, order, firstSlot = 0, slots = cap, subscriptions = 1, count = 10, body } = of;
  const several = !qos.startsWith('at-');
  return Array.from({ length: count }, (_, index) => {
    const subscription = benchId(qos, cap, index % subscriptions);
    const slot = several ? firstSlot + (Math.floor(index / subscriptions) % slots) : 0;
    const messageId = `bench-${made++}`;
    const key = order === 'key' ? { key: subscription } : {};
    const lane =
      order === 'key'
        ? laneFor({ messageId, ...key }, { requests: cap, several, byKey: true })
        : laneOfSlot(slot, { several });
    const attribute = encodeAttribute({
      kind: 'delivery',
      value: {
        subscription,
        messageId,
        topic: 'bench',
        ...key,
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
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(Date.now()),
        SenderId: 'bench',
        ApproximateFirstReceiveTimestamp: String(Date.now()),
        MessageGroupId: groupOf(subscription, lane),
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
