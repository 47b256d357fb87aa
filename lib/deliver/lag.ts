// A lane that is healthy but too slow: what waits in it has waited long, and comes faster than it goes. It goes through
// the backlog then, or it would fill the part of the queue that SQS looks through for other lanes' messages.
import type { SQSRecord } from 'aws-lambda';

/** Fewer than this say nothing about how fast they come. */
const ENOUGH = 3;

/**
 * Whether the rest of a lane should be parked, after an exchange that began at `startedAt`. `rest` is what follows in
 * the batch, in order.
 */
export function isLagging(
  rest: readonly { readonly record: Pick<SQSRecord, 'attributes'> }[],
  startedAt: number,
  { now, lagSeconds }: { readonly now: () => number; readonly lagSeconds: number },
): boolean {
  const sentAt = rest.map(({ record }) => Number(record.attributes.SentTimestamp));
  const [first] = sentAt;
  const last = sentAt.at(-1);
  if (sentAt.length < ENOUGH || first === undefined || last === undefined) return false;
  const ageMs = now() - first;
  const gapMs = (last - first) / (sentAt.length - 1);
  return ageMs > lagSeconds * 1000 && gapMs < now() - startedAt;
}
