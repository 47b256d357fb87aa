// Where each message of a run is at its end. Every message of every subscription is in one named place.
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { attemptedIn } from './attempted.ts';
import { inSubscription } from './in-subscription.ts';
import type { Received } from './receiver.ts';
import { hashOf, membersOf } from './request-members.ts';
import type { Stage } from './stage.ts';
import { heldBodies } from './stored-bodies.ts';

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
  /** Messages of which the functions' log has an attempt, also one that did not reach the receiver. */
  readonly attempted: ReadonlySet<string>;
  /** The bytes of dead letters, undeliverable and held messages. */
  readonly bodies: readonly StoredBody[];
};

export type StoredBody = { readonly id: string; readonly place: Place; readonly hash: string };

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
  const letters = await messagesOn(stage.lettersUrl, stage);
  const undeliverable = await messagesOn(stage.set.outputs.UndeliverableQueueUrl ?? '', stage);
  const bodiesOf = (place: Place, messages: readonly Message[]) =>
    messages.map(({ id, body }) => ({ id, place, hash: hashOf(body) }));
  return {
    letters: new Set([...keysOf(letters), ...((await stage.broker?.letters()) ?? [])]),
    undeliverable: new Set(keysOf(undeliverable)),
    held: ofTable('held'),
    backlog: ofTable('lane'),
    attempted: attemptedIn(stage.lines),
    bodies: [
      ...bodiesOf('dead letter', letters),
      ...bodiesOf('undeliverable', undeliverable),
      ...bodiesOf('held', heldBodies(items)),
    ],
  };
}

type Message = { readonly subscription: string; readonly id: string; readonly body: string };

const keysOf = (messages: readonly Message[]): string[] =>
  messages.map(({ subscription, id }) => inSubscription(subscription, id));

/** Receives and deletes all messages of a queue. */
async function messagesOn(QueueUrl: string, { set }: Stage): Promise<Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const { Messages = [] } = await set.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    if (Messages.length === 0) return messages;
    for (const { MessageAttributes = {}, Body: body = '' } of Messages) {
      // What never became a delivery has its publisher's attributes, and what was one has them in its attribute.
      const text = JSON.stringify(MessageAttributes);
      const [subscription = ''] = /\bs\d+-\d+\b/.exec(text) ?? [];
      const [id = ''] = /\bm\d+-\d+\b/.exec(text) ?? [];
      messages.push({ subscription, id, body });
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
