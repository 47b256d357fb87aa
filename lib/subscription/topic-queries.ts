// The queries that read a topic's subscriptions for `route`. DynamoDB can't leave out one attribute of some items, so the
// items whose filters are too large are read by a query of their own.
import { LANE_ATTRIBUTES } from './lanes.ts';
import { BLOCKS } from './shape.ts';

export type TopicQuery = {
  readonly index: string;
  readonly where: string;
  readonly values: Readonly<Record<string, string>>;
  readonly after?: { readonly topic: string; readonly id: string };
  readonly attributes: readonly string[];
  readonly ofTypes?: typeof TYPES;
};

const METRICS = BLOCKS.map((block) => `${block}.metrics`);
const TYPES = {
  ...LANE_ATTRIBUTES,
  ...Object.fromEntries(METRICS.map((path) => [path, 'BOOL'] as const)),
};

const READ = ['id', ...Object.keys(TYPES)];
/** Lists and maps, of which DynamoDB can't say how large they are. */
const UNBOUNDED = ['topics', 'filter'];

/** With more large items, the filters of those between two of them are not read either: each part of a topic is a call. */
const MOST_PARTS = 20;

/**
 * Queries that together return each subscription of the topic. `large` are ids in the order of the index: these are returned
 * without `topics` and `filter`. Where two queries return a subscription, the first one has all of it.
 */
export function topicQueries(topic: string, large: readonly string[]): readonly TopicQuery[] {
  const query = { index: 'by-topic', ofTypes: TYPES };
  const groups = groupsOf(large);
  const around = [undefined, ...groups].map((previous, index) => {
    const before = groups[index]?.first;
    return {
      ...query,
      ...inTopic(topic, before === undefined ? {} : { where: 'id < :before', values: { ':before': before } }),
      ...(previous !== undefined && { after: { topic, id: previous.last } }),
      attributes: [...READ, ...UNBOUNDED],
    };
  });
  const [first, last] = [large[0], large.at(-1)];
  if (first === undefined || last === undefined) return around;
  // One query for all of them reads those between them again. It costs fewer calls than a query for each.
  const ids = { where: 'id BETWEEN :first AND :last', values: { ':first': first, ':last': last } };
  return [...around, { ...query, ...inTopic(topic, ids), attributes: READ }];
}

/** Divides the large ids into groups of neighbours, fewer than there may be parts. */
function groupsOf(large: readonly string[]): readonly { readonly first: string; readonly last: string }[] {
  const size = Math.max(1, Math.ceil(large.length / (MOST_PARTS - 1)));
  return large.flatMap((first, index) =>
    index % size === 0 ? [{ first, last: large[Math.min(index + size, large.length) - 1] ?? first }] : [],
  );
}

/** A query of the ids alone, with those of items that the types of the other queries leave out. */
export const idsQuery = (topic: string): TopicQuery => ({
  index: 'by-topic',
  ...inTopic(topic),
  attributes: ['id'],
});

function inTopic(
  topic: string,
  { where, values }: { readonly where?: string; readonly values?: Readonly<Record<string, string>> } = {},
) {
  return {
    where: where === undefined ? 'topic = :topic' : `topic = :topic AND ${where}`,
    values: { ':topic': topic, ...values },
  };
}
