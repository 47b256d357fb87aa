// Makes the JSON Schemas for editors from the schemas that parse config items. Run by `node lib/build/json-schema.ts`; a test
// checks that the committed files are up to date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { endpointItem } from '#lib/endpoint/schema.ts';
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
  return `${JSON.stringify(json, null, 2)}\n`;
}

if (import.meta.main) {
  for (const { path, text } of jsonSchemas()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
