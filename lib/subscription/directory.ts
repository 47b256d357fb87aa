// The subscriptions of a topic for `route`: ids, lane counts, topics and filters. Read eventually consistent and cached for a
// few seconds. A stale lane count does no harm: the lanes that are used are noted (state/lane-notes.ts). Items are not
// parsed here, and not even read whole: one that a customer made large costs the other subscriptions of its topic nothing.
import * as z from 'zod';
import { type CompiledFilter, compileFilter } from '#lib/filter/filter.ts';
import { tooLarge } from '#lib/item/bounds.ts';
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { type LaneLayout, ONE_LANE } from '#lib/message/lane-layout.ts';
import { LANE_ATTRIBUTES, lanesIn } from './lanes.ts';
import { createLargeItems } from './large-items.ts';
import { BLOCKS } from './shape.ts';
import { TOP_FIELDS } from './top-fields.ts';
import { idsQuery, type TopicQuery, topicQueries } from './topic-queries.ts';
import { ALL_TOPICS, isOfTopics } from './topics.ts';

export type Listed = {
  readonly id: string;
  readonly lanes: LaneLayout;
  /** Undefined: no filter, or one that can't be read here. `deliver` asks the item again. */
  readonly filter?: CompiledFilter;
  /** Whether the subscription has metrics of its own. */
  readonly metrics?: true;
};

/** A subscription of the topic `*`, with the topics that it names. Undefined: every topic. */
type Wide = Listed & { readonly topics?: readonly string[] };

export type Directory = {
  /** The subscriptions of a topic, each once and ordered by id. Throws when DynamoDB fails. */
  ofTopic(topic: string): Promise<readonly Listed[]>;
  /** One subscription; undefined when its id is not registered. Throws when DynamoDB fails. */
  byId(id: string): Promise<Listed | undefined>;
  /** The lanes of a subscription, read now; undefined when its id is not registered. Throws when DynamoDB fails. */
  lanesNow(id: string): Promise<LaneLayout | undefined>;
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
      query: TopicQuery,
    ): AsyncIterable<{ readonly items: readonly T[]; readonly leftOut: number }>;
  };
  readonly now: () => number;
  readonly cacheMs: number;
};

/** Accepts any item: `deliver` finds its faults. */
const itemSchema = z.custom<JsonObject>(isObject);

const READ_BY_ID = ['id', ...Object.keys(LANE_ATTRIBUTES)];

/** Queries of one topic at the same time, which has several when it has large items. */
const AT_ONCE = 10;

const isId = (id: unknown): id is string => typeof id === 'string' && id.length <= 128;

/** Makes a directory with its own cache; parallel reads of one topic make one query. */
export function createDirectory({ subscriptionsTable, now, cacheMs }: Options): Directory {
  const largeItems = createLargeItems(now);

  async function queryTopic(topic: string): Promise<readonly Wide[]> {
    const found = new Map<string, Wide>();
    let leftOut = 0;
    const queries = topicQueries(topic, largeItems.ofTopic(topic));
    for (let start = 0; start < queries.length; start += AT_ONCE) {
      const answers = await Promise.all(queries.slice(start, start + AT_ONCE).map((one) => read(topic, one)));
      for (const answer of answers) {
        for (const one of answer.found) if (!found.has(one.id)) found.set(one.id, one);
        leftOut += answer.leftOut;
      }
    }
    // An attribute of another type may be a map of any size. Of such an item the id is enough: it has one lane. All ids are
    // asked for, so that an item that is put between the queries is in one of them.
    if (leftOut > 0) {
      for await (const { items } of subscriptionsTable.query(itemSchema, idsQuery(topic))) {
        for (const { id } of items) if (isId(id) && !found.has(id)) found.set(id, { id, lanes: ONE_LANE });
      }
    }
    // DynamoDB orders by bytes, which for valid ids is the same order. A fan-out's progress needs one order for all ids.
    return [...found.values()].sort(byId);
  }

  async function read(topic: string, query: TopicQuery) {
    const found: Wide[] = [];
    let leftOut = 0;
    for await (const page of subscriptionsTable.query(itemSchema, query)) {
      for (const item of page.items) {
        const isTooLarge = isLarge(item);
        if (isTooLarge) largeItems.note(topic, String(item.id));
        // An id that our keys can't hold is left out: the subscription could not even be paused.
        if (isId(item.id)) found.push(wideOf(isTooLarge ? bounded(item) : item));
      }
      leftOut += page.leftOut;
    }
    return { found, leftOut };
  }

  async function getOne(id: string): Promise<Listed | undefined> {
    const item = await subscriptionsTable.get({ id }, itemSchema, { attributes: READ_BY_ID });
    return item && { id: String(item.id), lanes: lanesIn(item) };
  }

  const inTopic = cached(queryTopic, { now, cacheMs });
  // Kept apart: every topic asks for it.
  const wideOnes = cached(queryTopic, { now, cacheMs });
  return {
    async ofTopic(topic) {
      const [own, wide] = await Promise.all([
        topic === ALL_TOPICS ? [] : inTopic(topic),
        wideOnes(ALL_TOPICS),
      ]);
      if (wide.length === 0) return own;
      const more = wide.filter(({ topics }) => isOfTopics(topic, topics));
      // An item is in one partition of the index. While its topic changes, the two cached answers may both have it.
      const all = new Map([...own, ...more].map((one) => [one.id, one]));
      return [...all.values()].sort(byId);
    },
    byId: cached(getOne, { now, cacheMs }),
    lanesNow: async (id) => (await getOne(id))?.lanes,
  };
}

const byId = (a: Listed, b: Listed): number => (a.id < b.id ? -1 : 1);

const isLarge = ({ topics, filter }: JsonObject): boolean =>
  [topics, filter].some((value) => value !== undefined && tooLarge(value) !== undefined);

/** As the item is read while it is remembered as large. */
const bounded = ({ topics, filter, ...rest }: JsonObject): JsonObject => rest;

function wideOf(item: JsonObject): Wide {
  const filter = item.filter === undefined ? undefined : compileFilter(item.filter);
  const topics = item.topics === undefined ? undefined : TOP_FIELDS.topics().safeParse(item.topics);
  return {
    id: String(item.id),
    lanes: lanesIn(item),
    // A wrong item gets all messages that it may mean: `deliver` keeps them until the item is corrected.
    ...(filter?.ok && { filter: filter.value }),
    ...(topics?.success && { topics: topics.data }),
    ...(BLOCKS.some((block) => metricsIn(item[block])) && { metrics: true as const }),
  };
}

const metricsIn = (block: unknown): boolean => isObject(block) && block.metrics === true;

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
