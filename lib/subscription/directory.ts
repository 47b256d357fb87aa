// The subscriptions of a topic for `route`: ids and lane counts. Read eventually consistent and cached for a few seconds. A
// stale lane count does no harm: `deliver` moves a delivery that came through the wrong lane.
import * as z from 'zod';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { parseSubscription, type SubscriptionRules } from './schema.ts';

export type Listed = { readonly id: string; readonly lanes: number };

export type Directory = {
  /** The subscriptions of a topic, in order of their ids. Throws when DynamoDB fails. */
  ofTopic(topic: string): Promise<readonly Listed[]>;
  /** One subscription, or undefined if there is none of that id. Throws when DynamoDB fails. */
  byId(id: string): Promise<Listed | undefined>;
};

type Options = {
  readonly subscriptionsTable: {
    get<T>(key: { readonly id: string }, schema: z.ZodType<T>): Promise<T | undefined>;
    query<T>(
      schema: z.ZodType<T>,
      query: {
        readonly index: string;
        readonly where: string;
        readonly values: Readonly<Record<string, string>>;
      },
    ): AsyncIterable<{ readonly items: readonly T[] }>;
  };
  readonly rules: SubscriptionRules;
  readonly now: () => number;
  readonly cacheMs: number;
};

/** Any item: what is wrong with it is deliver's to find. */
const itemSchema = z.custom<JsonObject>(isObject);

const isId = (id: unknown): boolean => typeof id === 'string' && id.length <= 128;

/** A directory with a cache of its own; concurrent questions for one topic are one read. */
export function createDirectory({ subscriptionsTable, rules, now, cacheMs }: Options): Directory {
  const listed = (item: JsonObject): Listed => {
    const parsed = parseSubscription(item, rules);
    // An item that can't be parsed has one lane; deliver pauses it there.
    return { id: String(item.id), lanes: parsed.ok ? parsed.subscription.http.maxConcurrentConnections : 1 };
  };

  async function queryTopic(topic: string): Promise<readonly Listed[]> {
    const found: Listed[] = [];
    const pages = subscriptionsTable.query(itemSchema, {
      index: 'by-topic',
      where: 'topic = :topic',
      values: { ':topic': topic },
    });
    for await (const { items } of pages) {
      // An id that no key of ours can hold has nowhere to be paused either; it is left out.
      for (const item of items) if (isId(item.id)) found.push(listed(item));
    }
    // DynamoDB orders by bytes. For ids as they should be that is the same; a fan-out's place needs it of every id.
    return found.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async function getOne(id: string): Promise<Listed | undefined> {
    const item = await subscriptionsTable.get({ id }, itemSchema);
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
    // As long as the read is under way it is shared, however long it takes.
    const entry = { value, until: Number.POSITIVE_INFINITY };
    kept.delete(key);
    kept.set(key, entry);
    const forget = () => {
      if (kept.get(key) === entry) kept.delete(key);
    };
    // A failed read is not kept, nor is an id that was not found: it may be registered the next moment.
    value.then((found) => {
      entry.until = until;
      if (found === undefined) forget();
    }, forget);
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    return value;
  };
}
