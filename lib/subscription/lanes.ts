// The lanes of a subscription, and those that its item says, from the few attributes that decide it. `route` reads these alone, and `deliver`
// counts the lanes of a wrong item by them: the two agree, and no more of an item is read for it, however large it is.
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { type LaneLayout, ONE_LANE } from '#lib/message/lane-layout.ts';
import { HTTP_DEFAULTS, HTTP_FIELDS } from './http-schema.ts';
import { requestsFor } from './rate-limit.ts';
import { BLOCKS } from './shape.ts';
import { isOrdered, type Subscription } from './subscription.ts';
import { TOP_FIELDS } from './top-fields.ts';

const CONNECTIONS = BLOCKS.flatMap((block) => [
  `${block}.maxConcurrentConnections`,
  `${block}.http.maxConcurrentConnections`,
]);

/** The attributes of an item that decide on its lanes, as paths, with DynamoDB's type for each. */
export const LANE_ATTRIBUTES: Readonly<Record<string, 'S' | 'N'>> = {
  qos: 'S',
  order: 'S',
  'rateLimit.requests': 'N',
  'rateLimit.perSeconds': 'N',
  ...Object.fromEntries(CONNECTIONS.map((path) => [path, 'N'] as const)),
};

/**
 * The lanes of an item: one where an attribute that decides on them can't be read, or is given twice in two ways. An item
 * that says `order: "key"` has the lanes of its keys also where its `qos` is wrong: `deliver` may see no message before the
 * item is corrected, and then it would not know that older messages of a key wait in another lane.
 */
export function lanesIn(item: JsonObject): LaneLayout {
  const quality = valueAt(item, 'qos');
  const qos = TOP_FIELDS.qos().default('auto').safeParse(quality);
  const order = TOP_FIELDS.order().default('subscription').safeParse(valueAt(item, 'order'));
  const given = new Set(
    CONNECTIONS.map((path) => valueAt(item, path)).filter((value) => value !== undefined),
  );
  const [connections = HTTP_DEFAULTS.maxConcurrentConnections, another] = given;
  const lanes = HTTP_FIELDS.maxConcurrentConnections().safeParse(connections);
  const limit = limitIn(item);
  if (!order.success || !lanes.success || !limit.success || another !== undefined) return ONE_LANE;
  const requests = requestsFor(lanes.data, limit.data);
  // `route` does not read a `qos` of another type, nor the other attributes of such an item.
  const isText = quality === undefined || typeof quality === 'string';
  if (order.data === 'key' && isText) return { requests, several: false, byKey: true };
  return qos.success && !isOrdered(qos.data) ? { requests, several: true } : ONE_LANE;
}

/** The lanes of a parsed subscription. */
export const lanesOf = ({
  qos,
  order,
  http,
  rateLimit,
}: Pick<Subscription, 'qos' | 'order' | 'http' | 'rateLimit'>): LaneLayout => ({
  requests: requestsFor(http.maxConcurrentConnections, rateLimit),
  several: !isOrdered(qos),
  ...(order === 'key' && { byKey: true }),
});

/** Undefined: no rate. */
function limitIn(item: JsonObject) {
  const [requests, perSeconds] = ['rateLimit.requests', 'rateLimit.perSeconds'].map((path) =>
    valueAt(item, path),
  );
  const isGiven = requests !== undefined || perSeconds !== undefined;
  return TOP_FIELDS.rateLimit()
    .optional()
    .safeParse(isGiven ? { requests, perSeconds } : undefined);
}

/** Undefined where a form left it empty too. */
function valueAt(item: JsonObject, path: string): unknown {
  const value = path
    .split('.')
    .reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), item);
  return value === null || value === '' ? undefined : value;
}
