// Chooses the letters of one call: by the request, and by what their subscriptions are now. Each letter that matches the request
// and is not chosen is counted with its reason.
import type { LetterReading } from './found-letter.ts';
import { isPossible } from './possible-letter.ts';
import type { RedriveRequest } from './request.ts';
import { letterMatches, skipOf } from './select.ts';
import type { Item } from './source.ts';
import type { Tally } from './tally.ts';
import { skipByTarget, type Target } from './target.ts';

export type ChoiceDeps = {
  /** A subscription as redrive needs it; undefined when it does not exist. */
  readonly targetOf: (subscription: string) => Promise<Target | undefined>;
  /** How many times a letter may be replayed. */
  readonly mostRounds: number;
};

type Choosing = {
  readonly request: RedriveRequest;
  readonly redriveId: string;
  /** When the redrive began, epoch milliseconds. */
  readonly startedAt: number;
  readonly tally: Tally;
};

const READS_AT_ONCE = 20;

/** Makes the choice of one call. It reads each subscription once. */
export function createChoice(
  { request, redriveId, startedAt, tally }: Choosing,
  { targetOf, mostRounds }: ChoiceDeps,
) {
  /** The subscriptions that were looked up. Undefined: there is none. */
  const targets = new Map<string, Target | undefined>();

  /** A page may name thousands of subscriptions: some are read at a time. */
  async function lookUp(subscriptions: readonly string[]): Promise<void> {
    const unknown = [...new Set(subscriptions)].filter((id) => !targets.has(id));
    for (let start = 0; start < unknown.length; start += READS_AT_ONCE) {
      const some = unknown.slice(start, start + READS_AT_ONCE);
      await Promise.all(some.map(async (id) => targets.set(id, await targetOf(id))));
    }
  }

  return {
    targets,

    /** Whether the request asks for this letter, and it may be replayed. */
    wants(reading: LetterReading): boolean {
      if (!reading.ok || !isPossible(reading.found)) {
        tally.skip('unreadable');
        return false;
      }
      const { found } = reading;
      // Letters that are newer than this redrive are left for the next one: otherwise it might never end.
      if (found.at >= startedAt || !letterMatches(found, request.filter)) return false;
      tally.match(found);
      const skip = skipOf(found, { ...request, redriveId, mostRounds });
      if (skip === undefined) return true;
      tally.skip(skip);
      return false;
    },

    /** A letter whose subscription is gone, or has its dead letters elsewhere, is skipped. Throws when DynamoDB fails. */
    async ofEndpoint(
      wanted: readonly Item[],
    ): Promise<{ readonly items: readonly Item[]; readonly skipped: readonly Item[] }> {
      await lookUp(
        wanted.flatMap(({ found }) => (found.kind === 'letter' ? [found.carried.subscription] : [])),
      );
      const isSkipped = ({ found }: Item): boolean => {
        if (found.kind !== 'letter') return false;
        const skip = skipByTarget(targets.get(found.carried.subscription), request);
        if (skip !== undefined) tally.skip(skip);
        return skip !== undefined;
      };
      const { true: skipped = [], false: items = [] } = Object.groupBy(
        wanted,
        (item) => `${isSkipped(item)}`,
      );
      return { items, skipped };
    },
  };
}
