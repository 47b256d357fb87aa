// Makes the JSON Schemas that editors check config items with, from the schemas that the functions parse them with.
// Run by `node lib/build/json-schema.ts`; a test holds that the committed files are what this makes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { endpointItem } from '#lib/endpoint/schema.ts';
import { subscriptionItem } from '#lib/subscription/item-schema.ts';

type File = { readonly path: string; readonly text: string };

/** The files as they must be; paths are from the checkout's root. */
export const jsonSchemas = (): File[] => [
  { path: 'events/schema/subscription.schema.json', text: textOf(subscriptionItem()) },
  { path: 'events/schema/endpoint.schema.json', text: textOf(endpointItem()) },
];

function textOf(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, {
    // What editors know best.
    target: 'draft-7',
    // Items as people write them, before defaults are filled in.
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      // zod leaves out the default of what it transforms.
      const meta = z.globalRegistry.get(zodSchema);
      if (meta?.default !== undefined) jsonSchema.default ??= meta.default;
      // A lone reference needs nothing around it.
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
