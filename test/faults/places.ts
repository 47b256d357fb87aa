// Where each message of a run is at its end. Every message of every subscription is in one named place.
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { ATTRIBUTE } from '#lib/message/attribute.ts';
import { attemptsIn, type LoggedAttempt } from './attempted.ts';
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
  /** The attempts in the functions' log, also those that did not reach the receiver. */
  readonly attempts: readonly LoggedAttempt[];
  /** Each dead letter, undeliverable, held or waiting message: a message may have several. */
  readonly copies: readonly Copy[];
};

export type Copy = {
  readonly subscription: string;
  readonly id: string;
  readonly place: Place;
  /** Hash of its bytes; undefined for an entry of the backlog. */
  readonly hash?: string | undefined;
  /** It has the bytes that a receiver gets, and not the body as it was published. */
  readonly isDecoded?: boolean;
  /** Why it is there, as its place says. */
  readonly reason?: string | undefined;
  /** The endpoint that a dead letter names. */
  readonly endpoint?: string | undefined;
  /** The endpoint in whose queue or topic it is. */
  readonly at?: string;
};

/** Reads the queues of dead letters, the topic, and the state table. */
export async function readStored(stage: Stage): Promise<Stored> {
  const items = await stage.store.scan('State');
  const copiesOf = (place: Place, messages: readonly Message[]): Copy[] =>
    messages.map(({ body, ...one }) => ({ ...one, place, hash: hashOf(body) }));
  const lettersAt = (at: string, messages: readonly Message[]): Copy[] =>
    copiesOf('dead letter', messages).map((one) => ({ ...one, at }));
  const copies: Copy[] = [
    ...lettersAt('letters', await messagesOn(stage.lettersUrl, stage)),
    ...lettersAt('broken', await messagesOn(stage.repairedUrl, stage)),
    ...lettersAt('topic', (await stage.broker?.letters()) ?? []).map((one) => ({ ...one, isDecoded: true })),
    ...copiesOf('undeliverable', await messagesOn(stage.set.outputs.UndeliverableQueueUrl ?? '', stage)),
    ...copiesOf('held', heldBodies(items)),
    ...items.flatMap(({ pk, sk }): Copy[] => {
      const [kind, subscription = ''] = String(pk).split('#');
      const [, id = ''] = String(sk).split('#');
      return kind === 'lane' ? [{ subscription, id, place: 'backlog' }] : [];
    }),
  ];
  return storedOf(copies, attemptsIn(stage.lines));
}

/** What is stored, from its copies. */
export function storedOf(copies: readonly Copy[], attempts: Stored['attempts']): Stored {
  const namesAt = (place: Place) =>
    new Set(
      copies
        .filter((one) => one.place === place)
        .map(({ subscription, id }) => inSubscription(subscription, id)),
    );
  return {
    letters: namesAt('dead letter'),
    undeliverable: namesAt('undeliverable'),
    held: namesAt('held'),
    backlog: namesAt('backlog'),
    attempts,
    copies,
  };
}

type Message = Pick<Copy, 'subscription' | 'id' | 'reason' | 'endpoint'> & { readonly body: string | Buffer };

const attributeSchema = z.looseObject({ reason: z.string().optional(), endpoint: z.string().optional() });

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
      const own: unknown = JSON.parse(MessageAttributes[ATTRIBUTE]?.StringValue ?? '{}');
      const { reason, endpoint } = attributeSchema.parse(own);
      messages.push({ subscription, id, body, reason, endpoint });
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
