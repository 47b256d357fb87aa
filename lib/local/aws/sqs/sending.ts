// SendMessage: the rules of each kind of queue, and deduplication in FIFO queues. A FIFO queue remembers a message for five
// minutes, also after its deletion: a duplicate gets the answer of the first one and is not stored.
import { hash, randomUUID } from 'node:crypto';
import type { Clock } from '#lib/local/aws/clock.ts';
import type { Settings } from './attributes.ts';
import type { LaneEntry } from './lane.ts';
import { checkDraft, type Draft } from './message.ts';
import { checkRange, invalidValue, missing, Refusal } from './refusal.ts';
import type { MessageStore } from './store.ts';
import { createWindow, FIVE_MINUTES_MS } from './window.ts';

export type SentMessage = { readonly messageId: string; readonly sequence?: bigint };

type Dependencies = {
  readonly fifo: boolean;
  readonly store: Pick<MessageStore, 'put'>;
  readonly settings: () => Settings;
  readonly clock: Clock;
};

/** Throws a Refusal for what the queue does not take. */
export function createSending({ fifo, store, settings, clock }: Dependencies): (draft: Draft) => SentMessage {
  const duplicates = createWindow<SentMessage>(FIVE_MINUTES_MS, { clock });

  type Ids = { readonly groupId: string | undefined; readonly deduplicationId: string | undefined };

  function put(draft: Draft, ids: Ids, delayMs: number): LaneEntry {
    const now = clock.now();
    return store.put(
      {
        id: randomUUID(),
        body: draft.MessageBody,
        attributes: draft.MessageAttributes ?? {},
        systemAttributes: draft.MessageSystemAttributes ?? {},
        ...ids,
        sentAt: now,
      },
      { delayMs, retentionMs: settings().retentionMs, enqueuedAt: now },
    );
  }

  function sendFifo(draft: Draft): SentMessage {
    const { contentBased, perGroup, delayMs } = settings();
    const groupId = draft.MessageGroupId;
    if (groupId === undefined) throw missing('MessageGroupId');
    // 0 is no delay at all, and passes.
    if (draft.DelaySeconds) {
      throw invalidValue('DelaySeconds', draft.DelaySeconds, 'A FIFO queue takes no delay per message.');
    }
    const deduplicationId =
      draft.MessageDeduplicationId ?? (contentBased ? hash('sha256', draft.MessageBody, 'hex') : undefined);
    if (deduplicationId === undefined) {
      const message = 'The message needs a MessageDeduplicationId, or the queue ContentBasedDeduplication.';
      throw new Refusal('InvalidParameterValue', message);
    }
    // Neither id can hold a space.
    const key = perGroup ? `${groupId} ${deduplicationId}` : deduplicationId;
    const first = duplicates.get(key);
    if (first) return first;
    const { message, sequence } = put(draft, { groupId, deduplicationId }, delayMs);
    const sent = { messageId: message.id, sequence };
    duplicates.set(key, sent);
    return sent;
  }

  function sendStandard(draft: Draft): SentMessage {
    checkRange('DelaySeconds', draft.DelaySeconds, [0, 900]);
    if (draft.MessageDeduplicationId !== undefined) {
      const reason = 'The parameter is not valid for this type of queue.';
      throw invalidValue('MessageDeduplicationId', draft.MessageDeduplicationId, reason);
    }
    const delayMs = draft.DelaySeconds === undefined ? settings().delayMs : draft.DelaySeconds * 1000;
    return {
      messageId: put(draft, { groupId: draft.MessageGroupId, deduplicationId: undefined }, delayMs).message
        .id,
    };
  }

  return (draft) => {
    checkDraft(draft, settings().maxBytes);
    return fifo ? sendFifo(draft) : sendStandard(draft);
  };
}
