// Counts what one call of `redrive` did: the letters that matched, were sent and were not sent. Describes the letters that
// a dry run found.
import type { FoundLetter } from './found-letter.ts';
import { idsOf, type Skip, subscriptionOf, topicOf } from './select.ts';

export type TalliedReason = Skip | 'refused';

export type RedriveCounts = {
  readonly bySubscription: Record<string, number>;
  readonly byStatus: Record<string, number>;
  readonly byReason: Record<string, number>;
};

/** One letter as a dry run shows it. Never its body or headers. */
export type Shown = {
  readonly id: string;
  readonly subscription?: string;
  readonly topic?: string;
  readonly reason: string;
  readonly status?: number;
  readonly code?: string;
  readonly attempts?: number;
  readonly rounds?: number;
  /** When it became a letter. */
  readonly at: string;
  readonly bytes: number;
  readonly excerpt?: string;
};

export type Tally = ReturnType<typeof createTally>;

/** Subscriptions counted one by one; the others are summed, because Lambda's answer holds 6 MB. */
const SUBSCRIPTIONS_MOST = 1_000;
export const OTHERS = '(others)';
const EXCERPT_MOST = 200;

/** Makes the counts of a redrive, with at most `sample` letters as examples. */
export function createTally({ sample: most }: { readonly sample: number }) {
  const skipped: Partial<Record<TalliedReason, number>> = {};
  const counts: RedriveCounts = { bySubscription: {}, byStatus: {}, byReason: {} };
  const sample: Shown[] = [];
  let matched = 0;
  let sent = 0;

  return {
    skipped,
    counts,
    sample,
    matched: () => matched,
    sent: () => sent,
    match(found: FoundLetter): void {
      matched += 1;
      const subscription = subscriptionOf(found) ?? '(none)';
      const known = counts.bySubscription;
      const isFull = known[subscription] === undefined && Object.keys(known).length >= SUBSCRIPTIONS_MOST;
      raise(known, isFull ? OTHERS : subscription);
      raise(counts.byReason, found.reason);
      raise(counts.byStatus, String((found.kind === 'letter' && found.status) || '(none)'));
      if (sample.length < most) sample.push(shown(found));
    },
    skip: (why: TalliedReason, by = 1) => void raise(skipped, why, by),
    send(by: number): void {
      sent += by;
    },
    /** The number of letters that matched in this call and that the next call looks at again. */
    unmatch(by: number): void {
      matched -= by;
    },
  };
}

function raise<Name extends string>(counts: Partial<Record<Name, number>>, name: Name, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}

function shown(found: FoundLetter): Shown {
  const subscription = subscriptionOf(found);
  const topic = topicOf(found);
  const common = {
    id: idsOf(found)[0],
    ...(subscription !== undefined && { subscription }),
    ...(topic !== undefined && { topic }),
    reason: found.reason,
    at: new Date(found.at).toISOString(),
    bytes: Buffer.byteLength(found.body),
  };
  if (found.kind === 'unaddressed') return common;
  const { status, code, attempts, excerpt, carried } = found;
  return {
    ...common,
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    attempts,
    ...(carried.rounds !== undefined && { rounds: carried.rounds }),
    ...(excerpt !== undefined && { excerpt: excerpt.slice(0, EXCERPT_MOST) }),
  };
}
