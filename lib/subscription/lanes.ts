// The lanes of a subscription, and those that its item says, from the few attributes that decide it. `route` reads these alone, and `deliver`
// counts the lanes of a wrong item by them: the two agree, and no more of an item is read for it, however large it is.
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { type LaneLayout, ONE_LANE } from '#lib/message/lane-layout.ts';
import { HTTP_DEFAULTS, HTTP_FIELDS } from './http-schema.ts';
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
  ...Object.fromEntries(CONNECTIONS.map((path) => [path, 'N'] as const)),
};

/** The lanes of an item: one where an attribute that decides on them can't be read, or is given twice in two ways. */
export function lanesIn(item: JsonObject): LaneLayout {
  const qos = TOP_FIELDS.qos().default('auto').safeParse(valueAt(item, 'qos'));
  const order = TOP_FIELDS.order().default('subscription').safeParse(valueAt(item, 'order'));
  const given = new Set(
    CONNECTIONS.map((path) => valueAt(item, path)).filter((value) => value !== undefined),
  );
  const [connections = HTTP_DEFAULTS.maxConcurrentConnections, another] = given;
  const lanes = HTTP_FIELDS.maxConcurrentConnections().safeParse(connections);
  if (!qos.success || !order.success || !lanes.success || another !== undefined) return ONE_LANE;
  if (!isOrdered(qos.data)) return { requests: lanes.data, several: true };
  return order.data === 'key' ? { requests: lanes.data, several: false, byKey: true } : ONE_LANE;
}

/** The lanes of a parsed subscription. */
export const lanesOf = ({ qos, order, http }: Pick<Subscription, 'qos' | 'order' | 'http'>): LaneLayout => ({
  requests: http.maxConcurrentConnections,
  several: !isOrdered(qos),
  ...(order === 'key' && { byKey: true }),
});

/** Undefined where a form left it empty too. */
function valueAt(item: JsonObject, path: string): unknown {
  const value = path
    .split('.')
    .reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), item);
  return value === null || value === '' ? undefined : value;
}
