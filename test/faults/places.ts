// Where each message of a run is at its end. Every message of every subscription is in one named place.
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Received } from './receiver.ts';
import { membersOf } from './request-members.ts';
import type { Stage } from './stage.ts';

export const PLACES = [
  'delivered',
  'dead letter',
  'undeliverable',
  'held',
  'backlog',
  'filtered',
  'tried once',
  'lost',
] as const;
export type Place = (typeof PLACES)[number];

/** Ids of messages by place, each with its subscription where the place says it. */
export type Stored = {
  readonly letters: ReadonlySet<string>;
  readonly undeliverable: ReadonlySet<string>;
  readonly held: ReadonlySet<string>;
  readonly backlog: ReadonlySet<string>;
};

export const inSubscription = (subscription: string, messageId: string): string =>
  `${subscription} ${messageId}`;

const bodySchema = z.looseObject({ id: z.string() });

/** Reads the queues of dead letters, the topic, and the state table. */
export async function readStored(stage: Stage): Promise<Stored> {
  const items = await stage.store.scan('State');
  const ofTable = (prefix: string) =>
    new Set(
      items.flatMap(({ pk, sk }) => {
        const [kind, subscription = ''] = String(pk).split('#');
        const messageId = kind === 'lane' ? String(sk).split('#')[1] : String(sk);
        return kind === prefix ? [inSubscription(subscription, messageId ?? '')] : [];
      }),
    );
  return {
    letters: new Set([...(await idsOn(stage.lettersUrl, stage)), ...((await stage.broker?.letters()) ?? [])]),
    undeliverable: await idsOn(stage.set.outputs.UndeliverableQueueUrl ?? '', stage),
    held: ofTable('held'),
    backlog: ofTable('lane'),
  };
}

async function idsOn(QueueUrl: string, { set }: Stage): Promise<Set<string>> {
  const ids = new Set<string>();
  for (;;) {
    const { Messages = [] } = await set.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    if (Messages.length === 0) return ids;
    for (const { MessageAttributes = {}, Body = '' } of Messages) {
      // What never became a delivery has its publisher's attributes, and what was one has them in its attribute.
      const [subscription = ''] = /\bs\d+-\d+\b/.exec(JSON.stringify(MessageAttributes)) ?? [];
      ids.add(inSubscription(subscription, bodySchema.parse(JSON.parse(Body)).id));
    }
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await set.clients.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}

/** The requests of each message, in their order of arrival. */
export function requestsByMessage(received: readonly Received[]): Map<string, Received[]> {
  const found = new Map<string, Received[]>();
  for (const request of received) {
    for (const { id } of membersOf(request)) {
      const key = inSubscription(request.subscription, id);
      found.set(key, [...(found.get(key) ?? []), request]);
    }
  }
  return found;
}
