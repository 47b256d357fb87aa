// The whole subscription item as one schema, for editors. Items are parsed field by field instead, with rules between fields
// that a JSON Schema can't express.
import * as z from 'zod';
import { type Field, titled } from '#lib/item/field.ts';
import { HTTP_FIELDS } from './http-schema.ts';
import { OPTION_FIELDS } from './option-fields.ts';
import { BLOCKS } from './shape.ts';
import { TOP_FIELDS } from './top-fields.ts';

type Fields = Readonly<Record<string, Field>>;

const optional = (fields: Fields): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, named(name, field()).optional()]));

// A schema with an id becomes a shared definition, so that the options are written once.
function named(id: string, schema: z.ZodType): z.ZodType {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id });
  return schema;
}

const block = (title: string, description: string) =>
  titled(
    z.strictObject({
      ...optional({ entrypointId: TOP_FIELDS.entrypointId }),
      ...optional(OPTION_FIELDS),
      http: titled(z.strictObject(optional(HTTP_FIELDS)), 'HTTP', 'Timeouts and connections.').optional(),
      ...optional(HTTP_FIELDS),
    }),
    title,
    description,
  ).optional();

/** The item must have a callback URL in one of the two objects. */
const callbackIn = (name: string) => ({
  required: [name],
  properties: { [name]: { required: ['callbackUrl'] } },
});

/** The schema of a whole subscription item, from which the published JSON Schema is made. */
export const subscriptionItem = () =>
  titled(
    z.strictObject({
      ...optional(TOP_FIELDS),
      id: TOP_FIELDS.id(),
      configuration: block(
        'Configuration',
        'The options. The four of http may stand in http or beside it; an option may be given once.',
      ),
      entrypointConfiguration: block(
        'Entrypoint configuration',
        'The options, where Gravitee 4.x puts those of the subscriber. They may stand in configuration just as well.',
      ),
    }),
    'Subscription',
    'Who gets which messages, where and how: an item of the table of subscriptions.',
    { anyOf: BLOCKS.map(callbackIn) },
  );
