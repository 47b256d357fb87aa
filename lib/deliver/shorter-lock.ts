// The lock of a lane under `rateLimit`. A lane is locked while its messages are invisible. If the function dies, nobody sends
// for the lane until then, so a lane that waits for its turns most of the time is locked for one slice only. Its work then
// ends earlier too: no request is begun that could be under way when the lock ends.
import type { Queues } from '#lib/queue/queues.ts';
import type { Registration } from '#lib/state/registration.ts';
import { type Bounds, RESERVE_MS } from './attempt-context.ts';
import type { Queued } from './queued.ts';

export type ShorterLockDeps = {
  readonly queues: Pick<Queues, 'hide'>;
  readonly deliveriesQueueUrl: string;
  /** Milliseconds in which the lane starts requests. */
  readonly sliceMs: number;
  readonly now: () => number;
};

/** From the end of the lane's work to the end of its lock, milliseconds: the last calls to AWS may take longer than planned. */
const MARGIN_MS = 5_000;

/**
 * Shortens the lock of a lane whose subscription has a rate, and returns the bounds of its work; other lanes keep theirs. A
 * call that fails may have had its effect, so the bounds are the shorter ones then too. Never throws.
 */
export async function shortenLock(
  lane: readonly Queued[],
  registrations: ReadonlyMap<string, Registration>,
  bounds: Bounds,
  { queues, deliveriesQueueUrl, sliceMs, now }: ShorterLockDeps,
): Promise<Bounds> {
  const timeouts = lane.flatMap(({ message }) => {
    const config = message.ok ? registrations.get(message.value.value.subscription)?.config : undefined;
    const isPaced = config?.kind === 'valid' && config.subscription.rateLimit !== undefined;
    return isPaced ? [config.subscription.http.readTimeoutMs] : [];
  });
  if (timeouts.length === 0) return bounds;
  const seconds = Math.ceil((sliceMs + Math.max(...timeouts) + RESERVE_MS + MARGIN_MS) / 1_000);
  // SQS counts from a time after this one.
  const endsAt = now() + seconds * 1_000 - MARGIN_MS;
  if (endsAt >= bounds.endsAt) return bounds;
  await queues.hide(
    deliveriesQueueUrl,
    lane.map(({ record }) => ({ receiptHandle: record.receiptHandle, seconds })),
  );
  return { ...bounds, endsAt };
}
