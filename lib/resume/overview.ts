// The status of one subscription, or of all of them page by page. Backlogs are not counted for it: their figures are those of
// the sweep's last check. Held messages are counted up to a limit.
import * as z from 'zod';
import { countHeld } from '#lib/state/held.ts';
import { measureKey, stateKey } from '#lib/state/keys.ts';
import { closedLanes, parseState, type State } from '#lib/state/state.ts';
import type { Table } from '#lib/state/table.ts';
import { phaseOf } from '#lib/state/transitions.ts';
import { type BacklogSize, parseMeasure } from './measure.ts';

export type OverviewDeps = {
  readonly subscriptionsTable: Pick<Table, 'scan'>;
  readonly stateTable: Pick<Table, 'getAll' | 'query'>;
};

/** Held messages of a subscription that are counted at most: a count reads their bodies. */
const MOST_HELD = 20;

type HeldSize = Awaited<ReturnType<typeof countHeld>>;

/** Counts the held messages if the state notes that there are some; undefined for none. Throws when DynamoDB fails. */
export async function heldOf(
  subscription: string,
  state: State,
  deps: Pick<OverviewDeps, 'stateTable'>,
): Promise<HeldSize | undefined> {
  if (state.heldAt === undefined) return undefined;
  const held = await countHeld(subscription, MOST_HELD, deps);
  return held.count === 0 ? undefined : held;
}

/** Builds a status line from a state, the last measured backlog and the count of held messages. */
export function statusLineOf(
  state: State,
  { measure, held }: { readonly measure: BacklogSize | undefined; readonly held: HeldSize | undefined },
) {
  const lanes = closedLanes(state);
  // With every lane open, nothing waits any more.
  const counted = lanes.length === 0 ? undefined : measure;
  return {
    phase: phaseOf(state),
    pause: state.pause,
    slow: state.slow && { since: state.slow.since },
    /** The number of lanes that its messages are being moved to: nothing is delivered meanwhile. */
    movesToLanes: state.move?.to,
    closedLanes: lanes,
    backlog: counted?.count,
    backlogIsAtLeast: counted?.atLeast,
    oldestAt: counted?.oldestAt,
    countedAt: counted?.at,
    held: held?.count,
    heldIsAtLeast: held?.atLeast === true ? true : undefined,
  };
}

type Named = {
  readonly topic: string | undefined;
  /** Of a subscription to several topics: the first ones, and an ellipsis where there are more. */
  readonly topics?: readonly string[];
};

export type StatusLine = Named & { readonly subscription: string } & (
    | ReturnType<typeof statusLineOf>
    /** The state item has another shape. */
    | { readonly phase: 'unreadable' }
  );

export type OverviewPage = {
  readonly subscriptions: readonly StatusLine[];
  /** Cursor of the next page; undefined at the end. */
  readonly cursor: string | undefined;
};

const listedSchema = z.object({
  id: z.string(),
  topic: z.string().optional().catch(undefined),
  topics: z.array(z.string()).optional().catch(undefined),
});
type Listed = z.infer<typeof listedSchema>;

/** Characters of a subscription's topics in a line. A page has up to a thousand lines, and Lambda answers with 6 MB at most. */
const TOPICS_CHARACTERS = 256;

function namedBy({ topic, topics }: Omit<Listed, 'id'>): Named {
  if (topics === undefined) return { topic };
  const first: string[] = [];
  let left = TOPICS_CHARACTERS;
  for (const one of topics) {
    left -= one.length;
    if (left < 0) return { topic, topics: [...first, '…'] };
    first.push(one);
  }
  return { topic, topics: first };
}

/** Reads one page of all subscriptions, unordered. Throws when DynamoDB fails, or does not answer for all. */
export async function overview(
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
  deps: OverviewDeps,
): Promise<OverviewPage> {
  const pages = deps.subscriptionsTable.scan(listedSchema, {
    attributes: ['id', 'topic', 'topics'],
    limit,
    after: cursor === undefined ? undefined : { id: cursor },
  });
  for await (const { items, after } of pages) {
    const last = after?.id;
    return {
      subscriptions: await linesOf(items, deps),
      cursor: typeof last === 'string' ? last : undefined,
    };
  }
  return { subscriptions: [], cursor: undefined };
}

async function linesOf(listed: readonly Listed[], { stateTable }: OverviewDeps): Promise<StatusLine[]> {
  const keys = listed.flatMap(({ id }) => [stateKey(id), measureKey(id)]);
  const found = await stateTable.getAll(keys, { consistent: true });
  const byKey = new Map(found.map((item) => [`${item.pk} ${item.sk}`, item]));
  const at = ({ pk, sk }: { pk: string; sk: string }) => byKey.get(`${pk} ${sk}`);
  return await Promise.all(
    listed.map(async ({ id, ...names }): Promise<StatusLine> => {
      const state = parseState(at(stateKey(id)));
      const named = namedBy(names);
      if (state === undefined) return { subscription: id, ...named, phase: 'unreadable' };
      const held = await heldOf(id, state, { stateTable });
      return {
        subscription: id,
        ...named,
        ...statusLineOf(state, { measure: parseMeasure(at(measureKey(id))), held }),
      };
    }),
  );
}
