// Announces that messages of a subscription become dead letters: an EventBridge event, once a minute at most for each
// subscription, over all invocations. An item of the state table has the time of the last one.
import * as z from 'zod';
import type { DeadLettered } from '#lib/queue/dead-letters.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import type { Announcement } from './announce.ts';
import { deadLetteringKey } from './keys.ts';
import type { Table } from './table.ts';

type Deps = {
  readonly stateTable: Pick<Table, 'get' | 'put'>;
  readonly log: Log;
  readonly now: () => number;
};

const INTERVAL_MS = 60_000;
/** The item is of no use after a minute; DynamoDB deletes it some time after this. */
const LIVES_SECONDS = 3_600;
/** Subscriptions that one environment remembers: it asks the table once more for one that it has forgotten. */
const MOST_REMEMBERED = 1_000;

const lastSchema = z.object({ at: z.number() });

/**
 * Returns the function that announces a dead letter, or does nothing when this environment has asked the table for its
 * subscription within the last minute. A failure is logged and ignored: the message itself is safe.
 */
export function createAnnounceDeadLetter(
  put: (announcement: Announcement) => Promise<unknown>,
  { stateTable, log, now }: Deps,
): (deadLettered: DeadLettered) => Promise<void> {
  const asked = new Map<string, number>();
  return async ({ subscription, endpoint, reason, outcome, status, code }) => {
    // A person who asked for it needs no alert.
    if (reason === 'asked') return;
    const at = now();
    if (at - (asked.get(subscription) ?? Number.NEGATIVE_INFINITY) < INTERVAL_MS) return;
    remember(subscription, at);
    const type = 'subscription.dead-lettering';
    try {
      if (!(await isTurn(subscription, at))) return;
      await put({ type, detail: { subscription, endpoint, reason, outcome, status, code } });
    } catch (error) {
      log.error('announcement.not-put', { subscription, type, error: errorName(error) });
    }
  };

  function remember(subscription: string, at: number): void {
    asked.delete(subscription);
    const [oldest] = asked.keys();
    if (asked.size >= MOST_REMEMBERED && oldest !== undefined) asked.delete(oldest);
    asked.set(subscription, at);
  }

  /** Of several environments that ask at once, one writes the item. */
  async function isTurn(subscription: string, at: number): Promise<boolean> {
    const key = deadLetteringKey(subscription);
    const last = await stateTable.get(key, lastSchema);
    if (last !== undefined && at - last.at < INTERVAL_MS) return false;
    const item = { ...key, at, expiresAt: Math.floor(at / 1000) + LIVES_SECONDS };
    const unchanged = last === undefined ? { absent: 'pk' } : { equals: { attribute: 'at', value: last.at } };
    return await stateTable.put(item, unchanged);
  }
}
