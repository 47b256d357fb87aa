// Makes the JSON Schemas for editors from the schemas that parse config items. Run by `node lib/build/json-schema.ts`; a test
// checks that the committed files are up to date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { endpointItem } from '#lib/endpoint/schema.ts';
import { EMPTY_TEXTS } from '#lib/item/blanks.ts';
import { isObject } from '#lib/item/json.ts';
import { NOTE } from '#lib/item/note.ts';
import { subscriptionItem } from '#lib/subscription/item-schema.ts';

type File = { readonly path: string; readonly text: string };

/** The schema files: path from the checkout's root, and content. */
export const jsonSchemas = (): File[] => [
  { path: 'events/schema/subscription.schema.json', text: textOf(subscriptionItem()) },
  { path: 'events/schema/endpoint.schema.json', text: textOf(endpointItem()) },
];

function textOf(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, {
    // The draft that most editors support.
    target: 'draft-7',
    // The schema of the input: items before defaults are added.
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      // zod omits the default of a transformed value.
      const meta = z.globalRegistry.get(zodSchema);
      if (meta?.default !== undefined) jsonSchema.default ??= meta.default;
      // A lone reference needs no wrapper.
      const [only] = jsonSchema.allOf ?? [];
      if (only?.$ref !== undefined && Object.keys(jsonSchema).length === 1) {
        delete jsonSchema.allOf;
        jsonSchema.$ref = only.$ref;
      }
    },
  });
  return `${JSON.stringify(withNotes(withEmptyFields(json)), null, 2)}\n`;
}

type Json = Readonly<Record<string, unknown>>;

/** Lets an item, of each of its types, have fields of its author. */
function withNotes(root: Json): Json {
  const notes = { patternProperties: { [`^${NOTE}`]: {} } };
  const { oneOf } = root;
  if (!Array.isArray(oneOf)) return { ...root, ...notes };
  return { ...root, oneOf: oneOf.map((one: unknown) => (isObject(one) ? { ...one, ...notes } : one)) };
}

/** Lets every optional field be null, and some be "": the parser takes both for a field that was left out. */
function withEmptyFields(root: Json): Json {
  const definitions = isObject(root.definitions) ? root.definitions : {};
  const filled = visit(root);
  return isObject(filled) ? filled : root;

  function visit(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map(visit);
    if (!isObject(schema)) return schema;
    const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, visit(value)]));
    const { type, properties } = inner;
    if (type !== 'object' || !isObject(properties)) return inner;
    const required: readonly unknown[] = Array.isArray(inner.required) ? inner.required : [];
    const fields = Object.entries(properties).map(([name, field]) => [
      name,
      required.includes(name) || !isObject(field) ? field : orEmpty(name, field),
    ]);
    return { ...inner, properties: Object.fromEntries(fields) };
  }

  function orEmpty(name: string, field: Json): Json {
    const target =
      typeof field.$ref === 'string' ? definitions[field.$ref.replace('#/definitions/', '')] : field;
    const { title, description, default: byDefault } = isObject(target) ? target : field;
    const empty = [{ type: 'null' }, ...(EMPTY_TEXTS.has(name) ? [{ const: '' }] : [])];
    return { title, description, default: byDefault, anyOf: [withoutTitle(field), ...empty] };
  }
}

// The title is said once, beside the choice.
const withoutTitle = ({ title, description, default: byDefault, ...rest }: Json): Json => rest;

if (import.meta.main) {
  for (const { path, text } of jsonSchemas()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
