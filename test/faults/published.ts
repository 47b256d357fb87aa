// The bytes of a planned message.
import type { PlannedMessage } from './plan.ts';

/** Returns the body: JSON in one line, so that it fits into every format of a batch. */
export function bodyOf({ id, key, keep, bytes }: PlannedMessage): string {
  const short = JSON.stringify({ id, key, keep, pad: '' });
  return JSON.stringify({ id, key, keep, pad: 'x'.repeat(Math.max(0, bytes - short.length)) });
}
