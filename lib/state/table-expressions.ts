// Writes DynamoDB's expressions: what an update sets and adds, and the condition of a write.
import type { TableItem } from './table-item.ts';

/** Holds when there is no item of the key, or when the item has this value. With both, one of them is enough. */
export type WriteCondition = {
  /** The name of a key attribute: no item has it. */
  readonly absent?: string;
  readonly equals?: { readonly attribute: string; readonly value: string | number };
};

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
  const named = [...Object.keys(add), ...Object.keys(set)];
  if (absent !== undefined) named.push(absent);
  if (equals) named.push(equals.attribute);
  const values = Object.fromEntries([
    ...Object.entries(add).map(([name, by]) => [`:by_${name}`, by]),
    ...Object.entries(set).map(([name, value]) => [`:new_${name}`, value]),
    ...(equals ? [[`:is_${equals.attribute}`, equals.value]] : []),
  ]);
  return {
    ...(updates.length > 0 && { UpdateExpression: updates.join(' ') }),
    ...(conditions.length > 0 && { ConditionExpression: conditions.join(' OR ') }),
    ...(named.length > 0 && {
      ExpressionAttributeNames: Object.fromEntries(named.map((name) => [`#${name}`, name])),
    }),
    // DynamoDB refuses an empty map of values.
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  };
}
