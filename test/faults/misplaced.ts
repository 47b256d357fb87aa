// Places that a message may not have: one that no item permitted, two that exclude each other, and more copies than crashes and
// failed calls explain.
import type { LoggedAttempt } from './attempted.ts';
import { since } from './item-versions.ts';
import { type Circumstances, isPermitted } from './permitted.ts';
import type { Copy } from './places.ts';
import type { Received } from './receiver.ts';

export type Traces = {
  readonly made: readonly Received[];
  readonly attempts: readonly LoggedAttempt[];
  readonly copies: readonly Copy[];
  /** A dead letter of it was sent again: what was before says nothing about its place. */
  readonly isRedriven: boolean;
};

export const isGood = ({ status = 0 }: Pick<Received, 'status'>): boolean => status >= 200 && status < 300;

/** Returns what is wrong with the places of one message of one subscription. */
export function misplaced(
  { made, attempts, copies, isRedriven }: Traces,
  circumstances: Circumstances,
): string[] {
  const wrong = copies
    .filter((one) => !isPermitted(one, circumstances))
    .map((one) => `no item permits this place: ${named(one)}`);
  for (const { endpoint, at } of copies)
    if (at !== undefined && at !== endpoint)
      wrong.push(`a dead letter for the endpoint ${endpoint} is in that of ${at}`);
  // The receiver may have written a 2xx that did not arrive. What the log calls delivered was settled as such.
  const isDelivered = !isRedriven && attempts.some(({ outcome }) => outcome === 'delivered');
  const settled = [...(isDelivered ? ['delivered'] : []), ...copies.map(named)];
  const { interruptions, versions, publishedAt } = circumstances;
  if (settled.length > 1 + interruptions)
    wrong.push(`${settled.length} places after ${interruptions} interruptions: ${settled.join(', ')}`);
  const isSentOnce = since(versions, publishedAt).every(
    ({ is, settings }) => is !== 'valid' || settings.qos === 'at-most-once',
  );
  const refused = copies.find(({ reason = '' }) => ['rejected', 'failed'].includes(reason));
  if (isSentOnce && !isRedriven && refused !== undefined && made.some(isGood))
    wrong.push(`its only request was answered with a 2xx, and it is kept: ${named(refused)}`);
  return wrong;
}

const named = ({ place, reason }: Copy): string => (reason === undefined ? place : `${place} (${reason})`);
