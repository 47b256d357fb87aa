// Lists a subscription's backlog lane by lane, in order, page by page, without bodies and headers.
import { type EntryDeps, entriesAfter } from '#lib/state/entries.ts';

export type Waiting = {
  readonly lane: number;
  readonly messageId: string;
  readonly topic: string | undefined;
  readonly publishedAt: number;
  readonly parkedAt: number;
  /** Value of `webhook-attempt` on the next attempt. */
  readonly attempt: number;
};

export type WaitingPage = {
  readonly waiting: readonly Waiting[];
  /** Cursor of the next page; undefined at the end. */
  readonly cursor: string | undefined;
};

/** Lists one page of these lanes' entries, lowest lane first. Throws when DynamoDB fails. */
export async function listBacklogPage(
  { subscription, lanes }: { readonly subscription: string; readonly lanes: readonly number[] },
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
  deps: EntryDeps,
): Promise<WaitingPage> {
  const from = cursor === undefined ? undefined : placeIn(cursor);
  const waiting: Waiting[] = [];
  for (const lane of lanes) {
    if (from !== undefined && lane < from.lane) continue;
    let after = lane === from?.lane ? from.after : undefined;
    do {
      const page = await entriesAfter(subscription, lane, { after, limit: limit - waiting.length }, deps);
      for (const { delivery, parkedAt } of page.items) {
        const { messageId, topic, publishedAt, attempt } = delivery;
        waiting.push({ lane, messageId, topic, publishedAt, parkedAt, attempt });
      }
      after = page.after;
      // A full page may be the last one; then the next is empty.
      if (waiting.length >= limit) return { waiting, cursor: cursorAt(lane, page.items.at(-1)?.sk ?? '') };
    } while (after !== undefined);
  }
  return { waiting, cursor: undefined };
}

const cursorAt = (lane: number, after: string): string => `${lane}:${after}`;

function placeIn(cursor: string): { readonly lane: number; readonly after: string } {
  const colon = cursor.indexOf(':');
  return { lane: Number(cursor.slice(0, colon)), after: cursor.slice(colon + 1) };
}
