// Messages that our functions sent to `retries` for later: deliveries and tokens that are due in their lane at a time.
// SQS delays a message by at most 15 minutes, so a longer wait takes several rounds.
import type { SQSRecord } from 'aws-lambda';
import { type Delivery, decodeLaneMessage, encodeAttribute } from '#lib/message/attribute.ts';
import { deliveryInLane, laneFor } from '#lib/message/lane.ts';
import { ONE_LANE } from '#lib/message/lane-layout.ts';
import { delaySecondsUntil } from '#lib/queue/delay.ts';
import { NotConfirmed, type Outgoing, type Queues } from '#lib/queue/queues.ts';
import { tokenEntry } from '#lib/queue/tokens.ts';
import type { Directory } from '#lib/subscription/directory.ts';
import type { Addressed } from './address.ts';
import type { UseLanesDeps } from './use-lanes.ts';

export type ComeRoundDeps = UseLanesDeps & {
  readonly directory: Directory;
  readonly queues: Pick<Queues, 'send'>;
  readonly deliveriesQueueUrl: string;
  readonly retriesQueueUrl: string;
  readonly now: () => number;
};

/** SQS counts delays in seconds. */
const SOON_MS = 1_000;

/** Puts the message into its lane when it is due, else sends it round again. Throws when DynamoDB or SQS fails. */
export async function returnFromRetries(
  { messageAttributes, body }: SQSRecord,
  deps: ComeRoundDeps,
): Promise<Extract<Addressed, { kind: 'unroutable' }> | undefined> {
  const parsed = decodeLaneMessage(messageAttributes);
  if (!parsed.ok) return { kind: 'unroutable', reason: 'malformed-delivery', detail: parsed.detail };
  const message = parsed.value;
  const waitMs = (message.value.notBefore ?? 0) - deps.now();
  if (waitMs > SOON_MS) {
    const delaySeconds = delaySecondsUntil(message.value.notBefore ?? 0, deps.now());
    await send(deps.retriesQueueUrl, { body, attribute: encodeAttribute(message), delaySeconds });
  } else if (message.kind === 'token') {
    await send(deps.deliveriesQueueUrl, tokenEntry(message.value));
  } else {
    await send(deps.deliveriesQueueUrl, await inLane(message.value, body, deps));
  }
  return undefined;

  async function send(queueUrl: string, outgoing: Outgoing): Promise<void> {
    const [refused] = await deps.queues.send(queueUrl, [outgoing]);
    if (refused !== undefined) throw new NotConfirmed('the next queue', refused);
  }
}

/** The lane that the subscription has for this delivery now; lane 0 without a subscription. */
async function inLane(
  { notBefore: _, ...delivery }: Delivery,
  body: string,
  { directory, laneNotes }: Pick<ComeRoundDeps, 'directory' | 'laneNotes'>,
): Promise<Outgoing> {
  const { subscription: id } = delivery;
  const one = await directory.byId(id);
  const lanes = (one && (await laneNotes.lanesToUse([one])).get(id)) ?? one?.lanes ?? ONE_LANE;
  return deliveryInLane(delivery, body, laneFor(delivery, lanes));
}
