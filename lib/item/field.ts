// Declares a field of a config item: its schema, with a title and description for editors. A schema is made when it is first
// used, because making schemas is most of what importing them costs.
import * as z from 'zod';

export type Field<S extends z.ZodType = z.ZodType> = () => S;

/** Title and description of a field in the JSON Schema; `more` holds further keywords, such as `default`. */
export function titled<S extends z.ZodType>(schema: S, title: string, description: string, more = {}): S {
  // Not `.meta()`, which would copy every schema.
  z.globalRegistry.add(schema, { title, description, ...more });
  return schema;
}

/** Makes a schema once, at its first use, so that importing it costs nothing. */
export function field<S extends z.ZodType>(make: () => S): Field<S> {
  let made: S | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** A whole number between two bounds, both allowed. */
export const wholeNumber = (least: number, most: number) => z.int().min(least).max(most);

/** Text of at least one character. */
export const text = (most: number) => z.string().min(1).max(most);

type Check = z.core.CheckFn<Record<string, unknown>>;

/** Requires exactly one of several keys. The fault names the second one found, or the first allowed one if none is there. */
export function exactlyOneOf(...keys: readonly [string, ...string[]]): Check {
  return ({ value, issues }) => {
    const given = keys.filter((key) => value[key] !== undefined);
    if (given.length === 1) return;
    const [path, message] =
      given.length === 0
        ? [keys[0], `is missing: give ${keys.join(' or ')}`]
        : [given[1], `is given beside ${given[0]}: keep one of the two`];
    issues.push({ code: 'custom', input: value, path: [path ?? ''], message });
  };
}

/** The same rule in the JSON Schema. */
export const oneOf = (...keys: readonly string[]) => ({ oneOf: keys.map((key) => ({ required: [key] })) });
