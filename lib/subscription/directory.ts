// The subscriptions of a topic for `route`: ids and lane counts. Read eventually consistent and cached for a few seconds. A
// stale lane count does no harm: `deliver` moves a delivery that came through the wrong lane. Items are not parsed here, and
// not even read whole: one that a customer made large costs the other subscriptions of its topic nothing.
import * as z from 'zod';
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { type LaneLayout, ONE_LANE } from '#lib/message/lane-layout.ts';
import { LANE_ATTRIBUTES, lanesIn } from './lanes.ts';

export type Listed = { readonly id: string; readonly lanes: LaneLayout };

export type Directory = {
  /** The subscriptions of a topic, ordered by id. Throws when DynamoDB fails. */
  ofTopic(topic: string): Promise<readonly Listed[]>;
  /** One subscription; undefined when its id is not registered. Throws when DynamoDB fails. */
  byId(id: string): Promise<Listed | undefined>;
};

type Options = {
  readonly subscriptionsTable: {
    get<T>(
      key: { readonly id: string },
      schema: z.ZodType<T>,
      part: { readonly attributes: readonly string[] },
    ): Promise<T | undefined>;
    query<T>(
      schema: z.ZodType<T>,
      query: {
        readonly index: string;
        readonly where: string;
        readonly values: Readonly<Record<string, string>>;
        readonly attributes: readonly string[];
        readonly ofTypes?: typeof LANE_ATTRIBUTES;
      },
    ): AsyncIterable<{ readonly items: readonly T[]; readonly leftOut: number }>;
  };
  readonly now: () => number;
  readonly cacheMs: number;
};

/** Accepts any item: `deliver` finds its faults. */
const itemSchema = z.custom<JsonObject>(isObject);

const READ = ['id', ...Object.keys(LANE_ATTRIBUTES)];

const isId = (id: unknown): boolean => typeof id === 'string' && id.length <= 128;

/** Makes a directory with its own cache; parallel reads of one topic make one query. */
export function createDirectory({ subscriptionsTable, now, cacheMs }: Options): Directory {
  const listed = (item: JsonObject): Listed => ({ id: String(item.id), lanes: lanesIn(item) });

  async function queryTopic(topic: string): Promise<readonly Listed[]> {
    const found: Listed[] = [];
    let leftOut = 0;
    const query = { index: 'by-topic', where: 'topic = :topic', values: { ':topic': topic } };
    const pages = subscriptionsTable.query(itemSchema, {
      ...query,
      attributes: READ,
      ofTypes: LANE_ATTRIBUTES,
    });
    for await (const page of pages) {
      // An id that our keys can't hold is left out: the subscription could not even be paused.
      for (const item of page.items) if (isId(item.id)) found.push(listed(item));
      leftOut += page.leftOut;
    }
    // An attribute of another type may be a map of any size. Of such an item the id is enough: it has one lane. All ids are
    // asked for, so that an item that is put between the two queries is in one of them.
    if (leftOut > 0) {
      const known = new Set(found.map(({ id }) => id));
      for await (const { items } of subscriptionsTable.query(itemSchema, { ...query, attributes: ['id'] })) {
        for (const { id } of items)
          if (isId(id) && !known.has(String(id))) found.push({ id: String(id), lanes: ONE_LANE });
      }
    }
    // DynamoDB orders by bytes, which for valid ids is the same order. A fan-out's progress needs one order for all ids.
    return found.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async function getOne(id: string): Promise<Listed | undefined> {
    const item = await subscriptionsTable.get({ id }, itemSchema, { attributes: READ });
    return item && listed(item);
  }

  return {
    ofTopic: cached(queryTopic, { now, cacheMs }),
    byId: cached(getOne, { now, cacheMs }),
  };
}

const MAX_KEPT = 1_000;

function cached<T>(read: (key: string) => Promise<T>, { now, cacheMs }: Pick<Options, 'now' | 'cacheMs'>) {
  const kept = new Map<string, { readonly value: Promise<T>; until: number }>();
  return (key: string): Promise<T> => {
    const hit = kept.get(key);
    if (hit && hit.until > now()) return hit.value;
    const until = now() + cacheMs;
    const value = read(key);
    // A read in progress is shared, however long it takes.
    const entry = { value, until: Number.POSITIVE_INFINITY };
    kept.delete(key);
    kept.set(key, entry);
    const forget = () => {
      if (kept.get(key) === entry) kept.delete(key);
    };
    // Failed reads and unknown ids are not cached: the subscription may be registered at any time.
    value.then((found) => {
      entry.until = until;
      if (found === undefined) forget();
    }, forget);
    forgetOldest(kept, MAX_KEPT);
    return value;
  };
}
