// Tokens: what drains a lane, or does a command in it, travels through the lane like a message and holds its group.
// A token whose number is not the lane's is dropped: lost, late and doubled ones are harmless.
import { hash } from 'node:crypto';
import { encodeAttribute, type Token } from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';
import { delaySecondsUntil } from './delay.ts';
import { NotConfirmed, type Outgoing, type Queues } from './queues.ts';

export type TokenDeps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly deliveriesQueueUrl: string;
  readonly retriesQueueUrl: string;
  readonly now: () => number;
};

/** Puts a token into its lane; one that is not to be there yet goes through `retries`. Throws when SQS does not take it. */
export async function sendToken(token: Token, deps: TokenDeps): Promise<void> {
  const delaySeconds = delaySecondsUntil(token.notBefore ?? 0, deps.now());
  const [queueUrl, outgoing] =
    delaySeconds > 0
      ? [deps.retriesQueueUrl, { ...bare(token), delaySeconds }]
      : [deps.deliveriesQueueUrl, intoLane(token)];
  const [refused] = await deps.queues.send(queueUrl, [outgoing]);
  if (refused !== undefined) throw new NotConfirmed('the queue of tokens', refused);
}

const bare = (token: Token): Outgoing => ({
  body: 'token',
  attribute: encodeAttribute({ kind: 'token', value: token }),
});

/** A token as `deliveries.fifo` takes it. */
export const intoLane = ({ notBefore: _, ...token }: Token): Outgoing => ({
  ...bare(token),
  groupId: groupOf(token.subscription, token.lane),
  deduplicationId: hash('sha256', JSON.stringify(token), 'hex'),
});
