// Ends held messages that are past their retention, one shard of the sweep's index a minute. A token in the message's lane
// does it, so that it runs under the lane's message group.

import { sendToken, type TokenDeps } from '#lib/queue/tokens.ts';
import { heldShard, keysIn, SHARDS } from '#lib/state/due.ts';
import { subscriptionIn } from '#lib/state/keys.ts';
import type { Table } from '#lib/state/table.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';

export type ExpiryDeps = TokenDeps & {
  readonly stateTable: Pick<Table, 'query'>;
  readonly log: Log;
  readonly retentionMs: number;
};

const MINUTE_MS = 60_000;
/** At most this many at a time; the next round finds the rest. */
const MOST = 1_000;
/** Message ids per token: they travel in the token's attribute. */
const IDS = 100;

/** Sends tokens for messages held longer than `retentionMs`, until `endsAt` (epoch milliseconds). Never throws. */
export async function expireHeld({ endsAt }: { readonly endsAt: number }, deps: ExpiryDeps): Promise<void> {
  const now = deps.now();
  const before = now - deps.retentionMs;
  const shard = Math.floor(now / MINUTE_MS) % SHARDS;
  try {
    const found: { subscription: string; messageId: string }[] = [];
    for await (const { pk, sk } of keysIn(heldShard(shard), { from: 0, to: before }, deps)) {
      if (found.push({ subscription: subscriptionIn(pk), messageId: sk }) === MOST) break;
    }
    for (const [subscription, held] of Map.groupBy(found, (one) => one.subscription)) {
      for (let start = 0; start < held.length; start += IDS) {
        if (deps.now() >= endsAt) return;
        const messageIds = held.slice(start, start + IDS).map(({ messageId }) => messageId);
        const command = { do: 'expire-held', messageIds, before } as const;
        await sendToken({ subscription, lane: 0, drain: 0, command }, deps);
      }
    }
  } catch (error) {
    deps.log.error('held.not-expired', { shard, error: errorName(error) });
  }
}
