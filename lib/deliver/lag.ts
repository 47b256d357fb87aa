// Detects a lane that is healthy but too slow: its messages have waited long and arrive faster than they are delivered.
// The messages of the lane then go through the backlog. In the queue they would fill the first 120,000 messages, the only ones
// in which SQS looks for message groups that can be received.
import type { SQSRecord } from 'aws-lambda';

/** Fewer messages than this don't show how fast they arrive. */
const ENOUGH = 3;

/**
 * Whether the rest of a lane should be parked after an exchange. `startedAt`: when the exchange began, in epoch
 * milliseconds. `atOnce`: how many requests the lane may have in flight. `rest`: the following messages of the batch, in
 * order.
 */
export function isLagging(
  rest: readonly { readonly record: Pick<SQSRecord, 'attributes'> }[],
  { startedAt, atOnce }: { readonly startedAt: number; readonly atOnce: number },
  { now, lagSeconds }: { readonly now: () => number; readonly lagSeconds: number },
): boolean {
  const sentAt = rest.map(({ record }) => Number(record.attributes.SentTimestamp));
  const [first] = sentAt;
  const last = sentAt.at(-1);
  if (sentAt.length < ENOUGH || first === undefined || last === undefined) return false;
  const ageMs = now() - first;
  const gapMs = (last - first) / (sentAt.length - 1);
  return ageMs > lagSeconds * 1000 && gapMs * atOnce < now() - startedAt;
}
