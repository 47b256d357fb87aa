// How much of a source redrive reads at once: what the memory holds, what was asked for, and what can still be sent.
import type { RedriveRequest } from './request.ts';
import type { Room } from './source.ts';

/** Within a page letters are sorted; more would not fit the function's memory. */
const PAGE_LETTERS = 10_000;
const PAGE_BYTES = 64 * 1024 * 1024;
/** What one call surely sends in a second, until it is known better. */
const SURELY_PER_SECOND = 50;
/** The part of the time left that a page may be read in: what is read has to be sent, too. */
const READING = 0.4;

/** Where a call stands: times in epoch milliseconds, and letters. */
type Standing = {
  readonly begunAt: number;
  readonly now: number;
  readonly endsAt: number;
  readonly sent: number;
  /** Of those that were asked for. */
  readonly left: number;
};

/** How many letters a page may take, by the request's limit, the time left and the rate. */
export function roomFor(
  { begunAt, now, endsAt, sent, left }: Standing,
  { dryRun, ratePerSecond = Number.POSITIVE_INFINITY }: Pick<RedriveRequest, 'dryRun' | 'ratePerSecond'>,
): Room {
  const seconds = (endsAt - now) / 1000;
  const perSecond = sent > 0 ? (sent / Math.max(1, now - begunAt)) * 1000 : SURELY_PER_SECOND;
  const inTime = Math.ceil(Math.min(ratePerSecond, perSecond * 2) * seconds);
  const most = dryRun ? PAGE_LETTERS : Math.min(PAGE_LETTERS, inTime);
  return {
    letters: Math.max(1, Math.min(left, most)),
    bytes: PAGE_BYTES,
    until: dryRun ? endsAt : now + (endsAt - now) * READING,
  };
}
