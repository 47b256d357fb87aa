// Draws the messages: their subscription or topic, their key, their size and their time.
import { CONTENTS, FAULTY_MS, type PlannedMessage, type PlannedSubscription } from './plan.ts';
import type { Draw } from './random-draw.ts';

export function drawMessages(
  { chance, pick, whole }: Draw,
  seed: number,
  subscriptions: readonly PlannedSubscription[],
): PlannedMessage[] {
  const ofTopic = subscriptions.filter(({ byTopic }) => byTopic).map(({ id }) => id);
  const count = whole(12, 30);
  // In some runs everything comes at once.
  const withinMs = chance(0.4) ? 200 : FAULTY_MS * 0.7;
  const isSmall = chance(0.7);
  // Under a guaranteed quality of service too, a publisher may use the standard queue: without an order.
  const isFifo = chance(0.8);
  const messages = Array.from({ length: count }, (_, index): PlannedMessage => {
    const target = pick(subscriptions);
    const to = target.byTopic ? { topic: topicOf(seed) } : { subscription: target.id };
    return {
      id: `m${seed}-${String(index).padStart(2, '0')}`,
      to,
      subscriptions: target.byTopic ? ofTopic : [target.id],
      key: `k${whole(0, 2)}`,
      // Only messages.fifo keeps an order. All messages of a run go the same way for their subscription.
      ordered: isFifo && (target.byTopic ? ofTopic.some(isGuaranteed) : isGuaranteed(target.id)),
      keep: chance(0.75),
      bytes: isSmall || chance(0.8) ? whole(40, 400) : whole(20_000, 200_000),
      atMs: Math.round((index / count) * withinMs),
    };
  });
  return messages;

  function isGuaranteed(id: string): boolean {
    return subscriptions.some((one) => one.id === id && one.settings.qos.startsWith('at-'));
  }
}

/** Share of the runs. In every third one, this makes a whole subscription ordered that has some messages. */
const ONE_GROUP = 0.6;

/**
 * In some runs, all messages of a subscription are of one publisher's group, so that it is ordered as a whole. One with an order
 * by key keeps its keys.
 */
export function withOneGroup(
  { chance }: Draw,
  messages: readonly PlannedMessage[],
  subscriptions: readonly PlannedSubscription[],
): PlannedMessage[] {
  if (!chance(ONE_GROUP)) return [...messages];
  const byKey = new Set(subscriptions.filter(({ settings }) => settings.byKey).map(({ id }) => id));
  return messages.map((message) =>
    message.subscriptions.some((id) => byKey.has(id)) ? message : { ...message, key: 'k0' },
  );
}

/** In half of the runs, some messages are no JSON. A filter would not let them through. */
export function withContents(
  { chance, pick }: Draw,
  messages: readonly PlannedMessage[],
  subscriptions: readonly PlannedSubscription[],
): PlannedMessage[] {
  if (!chance(0.5)) return [...messages];
  const filtered = new Set(subscriptions.filter(({ settings }) => settings.filtered).map(({ id }) => id));
  return messages.map((message) =>
    chance(0.4) && !message.subscriptions.some((id) => filtered.has(id))
      ? { ...message, content: pick(CONTENTS) }
      : message,
  );
}

/** Longer than what one item of the state table holds. */
const LONG = { chance: 0.15, shareOfMessages: 0.15, least: 270_000, most: 900_000 };

/** In some runs, some messages are almost as long as SQS takes. */
export function withLongBodies(
  { chance, whole }: Draw,
  messages: readonly PlannedMessage[],
): PlannedMessage[] {
  if (!chance(LONG.chance)) return [...messages];
  return messages.map((message) =>
    chance(LONG.shareOfMessages) ? { ...message, bytes: whole(LONG.least, LONG.most) } : message,
  );
}

export const topicOf = (seed: number): string => `topic-${seed}`;
