// The size of a page of letters: limited by memory, by the request, and by what can be sent in the time left.
import type { RedriveRequest } from './request.ts';
import type { PageLimits } from './source.ts';

/** The letters of a page are sorted in memory; more would not fit. */
const PAGE_LETTERS = 10_000;
const PAGE_BYTES = 64 * 1024 * 1024;
/** Letters a second that a call sends for certain, until a rate is measured. */
const SURELY_PER_SECOND = 50;
/** Part of the time left in which a page may be read; the rest is for sending. */
const READING = 0.4;

/** Progress of a call: times in epoch milliseconds, and numbers of letters. */
type Standing = {
  readonly begunAt: number;
  readonly now: number;
  readonly endsAt: number;
  readonly sent: number;
  /** Letters left of the request's limit. */
  readonly left: number;
};

/** How many letters a page may take, by the request's limit, the time left and the rate. */
export function pageLimitsFor(
  { begunAt, now, endsAt, sent, left }: Standing,
  { dryRun, ratePerSecond = Number.POSITIVE_INFINITY }: Pick<RedriveRequest, 'dryRun' | 'ratePerSecond'>,
): PageLimits {
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
