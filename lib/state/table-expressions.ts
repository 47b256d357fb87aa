// Writes DynamoDB's expressions: what an update sets and adds, the condition of a write, and which part of the items a read
// returns.
import type { TableItem } from './table-item.ts';

/**
 * A condition of a write: no item has the key (`absent`), or the stored item has a value (`equals`). With both fields, one
 * of the two has to hold.
 */
export type WriteCondition = {
  /** The name of an attribute of the key. The condition holds if the table has no item with this key. */
  readonly absent?: string;
  readonly equals?: { readonly attribute: string; readonly value: string | number };
};

/** Types of DynamoDB by the path of an attribute, such as `configuration.http`. */
export type AttributeTypes = Readonly<Record<string, 'S' | 'N' | 'BOOL'>>;

export type ItemPart = {
  /** Paths of the attributes to read; undefined: whole items. */
  readonly attributes?: readonly string[] | undefined;
  /** Only items in which each of these is absent, null or of its type. */
  readonly ofTypes?: AttributeTypes | undefined;
};

/** The expressions of a read, without those of its keys. Each part of a path is named by a placeholder. */
export function readExpressionOf({ attributes = [], ofTypes = {} }: ItemPart) {
  const typed = Object.entries(ofTypes);
  const filters = typed.map(
    ([path, type]) =>
      `(attribute_not_exists(${named(path)}) OR attribute_type(${named(path)}, :${type}) OR attribute_type(${named(path)}, :NULL))`,
  );
  const names = [...attributes, ...typed.map(([path]) => path)].flatMap((path) => path.split('.'));
  return {
    expressions: {
      ...(attributes.length > 0 && { ProjectionExpression: attributes.map(named).join(', ') }),
      ...(filters.length > 0 && { FilterExpression: filters.join(' AND ') }),
      ...(names.length > 0 && {
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      }),
    },
    /** To be put among the values of the request. */
    types: Object.fromEntries(
      [...typed.map(([, type]) => type), ...(typed.length > 0 ? ['NULL'] : [])].map((type) => [
        `:${type}`,
        type,
      ]),
    ),
  };
}

const named = (path: string): string =>
  path
    .split('.')
    .map((name) => `#${name}`)
    .join('.');

type Expressed = {
  readonly add?: Readonly<Record<string, number>>;
  readonly set?: TableItem;
  readonly condition?: WriteCondition | undefined;
};

/** The expressions of a write. Each attribute is named by a placeholder: DynamoDB reserves hundreds of words. */
export function expressionOf({ add = {}, set = {}, condition: { absent, equals } = {} }: Expressed) {
  const adds = Object.keys(add).map((name) => `#${name} :by_${name}`);
  const sets = Object.keys(set).map((name) => `#${name} = :new_${name}`);
  const updates = [
    ...(adds.length > 0 ? [`ADD ${adds.join(', ')}`] : []),
    ...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []),
  ];
  const conditions = [
    ...(absent !== undefined ? [`attribute_not_exists(#${absent})`] : []),
    ...(equals ? [`#${equals.attribute} = :is_${equals.attribute}`] : []),
  ];
  const attributes = [...Object.keys(add), ...Object.keys(set)];
  if (absent !== undefined) attributes.push(absent);
  if (equals) attributes.push(equals.attribute);
  const values = Object.fromEntries([
    ...Object.entries(add).map(([name, by]) => [`:by_${name}`, by]),
    ...Object.entries(set).map(([name, value]) => [`:new_${name}`, value]),
    ...(equals ? [[`:is_${equals.attribute}`, equals.value]] : []),
  ]);
  return {
    ...(updates.length > 0 && { UpdateExpression: updates.join(' ') }),
    ...(conditions.length > 0 && { ConditionExpression: conditions.join(' OR ') }),
    ...(attributes.length > 0 && {
      ExpressionAttributeNames: Object.fromEntries(attributes.map((name) => [`#${name}`, name])),
    }),
    // DynamoDB refuses an empty map of values.
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  };
}
