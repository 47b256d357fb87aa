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

/** Values counted one by one; the others are summed, because Lambda's answer holds 6 MB. */
const VALUES_MOST = 1_000;
export const OTHERS = '(others)';
const EXCERPT_MOST = 200;
/** As many characters as the longest topic has. A publisher's malformed attribute, or a forged letter, may have more. */
const TEXT_MOST = 256;

/** No counts yet. A subscription may have the name of a property that every other object has, such as `constructor`. */
export const noCounts = (): Record<string, number> => Object.create(null);

/** Makes the counts of a redrive, with at most `sample` letters as examples. */
export function createTally({ sample: most }: { readonly sample: number }) {
  const skipped: Partial<Record<TalliedReason, number>> = {};
  const counts: RedriveCounts = { bySubscription: noCounts(), byStatus: noCounts(), byReason: noCounts() };
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
      countOne(counts.bySubscription, subscriptionOf(found) ?? '(none)');
      countOne(counts.byReason, found.reason);
      countOne(counts.byStatus, String((found.kind === 'letter' && found.status) || '(none)'));
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

function countOne(known: Record<string, number>, value: string): void {
  const name = value.slice(0, TEXT_MOST);
  const isFull = known[name] === undefined && Object.keys(known).length >= VALUES_MOST;
  raise(known, isFull ? OTHERS : name);
}

function raise<Name extends string>(counts: Partial<Record<Name, number>>, name: Name, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}

function shown(found: FoundLetter): Shown {
  const subscription = subscriptionOf(found);
  const topic = topicOf(found);
  const common = {
    id: idsOf(found)[0].slice(0, TEXT_MOST),
    ...(subscription !== undefined && { subscription: subscription.slice(0, TEXT_MOST) }),
    ...(topic !== undefined && { topic: topic.slice(0, TEXT_MOST) }),
    reason: found.reason.slice(0, TEXT_MOST),
    at: new Date(found.at).toISOString(),
    bytes: Buffer.byteLength(found.body),
  };
  if (found.kind === 'unaddressed') return common;
  const { status, code, attempts, excerpt, carried } = found;
  return {
    ...common,
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code: code.slice(0, TEXT_MOST) }),
    attempts,
    ...(carried.rounds !== undefined && { rounds: carried.rounds }),
    ...(excerpt !== undefined && { excerpt: excerpt.slice(0, EXCERPT_MOST) }),
  };
}
