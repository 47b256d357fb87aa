// Tokens drain a lane or run a command in it. They travel through the lane like messages and hold its message group. A
// token with an old drain number is dropped, so lost, late and duplicate tokens do no harm.
import { hash } from 'node:crypto';
import { encodeAttribute } from '#lib/message/attribute.ts';
import { groupOf } from '#lib/message/lane.ts';
import type { Token } from '#lib/message/token.ts';
import { delaySecondsUntil } from './delay.ts';
import { NotConfirmed, type Outgoing, type Queues } from './queues.ts';

export type TokenDeps = {
  readonly queues: Pick<Queues, 'send'>;
  readonly deliveriesQueueUrl: string;
  readonly retriesQueueUrl: string;
  readonly now: () => number;
};

/** Puts a token into its lane, through `retries` when it is due later. Throws when SQS does not take it. */
export async function sendToken(token: Token, deps: TokenDeps): Promise<void> {
  const delaySeconds = delaySecondsUntil(token.notBefore ?? 0, deps.now());
  const [queueUrl, outgoing] =
    delaySeconds > 0
      ? [deps.retriesQueueUrl, { ...tokenBody(token), delaySeconds }]
      : [deps.deliveriesQueueUrl, tokenEntry(token)];
  const [refused] = await deps.queues.send(queueUrl, [outgoing]);
  if (refused !== undefined) throw new NotConfirmed('the queue of tokens', refused);
}

const tokenBody = (token: Token): Outgoing => ({
  body: 'token',
  attribute: encodeAttribute({ kind: 'token', value: token }),
});

/** Makes the SQS entry of a token for `deliveries.fifo`. */
export const tokenEntry = ({ notBefore: _, ...token }: Token): Outgoing => ({
  ...tokenBody(token),
  groupId: groupOf(token.subscription, token.lane),
  deduplicationId: hash('sha256', JSON.stringify(token), 'hex'),
});
