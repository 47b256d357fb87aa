// The field `filter`: which messages of its topics a subscription gets. lib/filter has the language.
import * as z from 'zod';
import { type CompiledFilter, compileFilter } from '#lib/filter/filter.ts';
import { OPERATOR_NAMES } from '#lib/filter/operators.ts';
import { MOST_CHARACTERS, ROOTS, type Root } from '#lib/filter/parse.ts';
import { WHOLE_ITEM } from '#lib/item/fault.ts';
import { field, titled } from '#lib/item/field.ts';

// Editors check the shape. The JSON Schema can't say that a path is given once, nor which wildcards are valid.
const VALUE = {
  anyOf: [
    { type: ['string', 'number', 'boolean', 'null'] },
    { type: 'object', minProperties: 1, maxProperties: 1, propertyNames: { enum: OPERATOR_NAMES } },
  ],
};
const condition = (title: string, description: string) => ({
  title,
  description,
  anyOf: [
    { type: 'array', minItems: 1, items: VALUE },
    { type: 'object', minProperties: 1 },
  ],
});
const PARTS: Readonly<Record<Root, object>> = {
  body: condition('Body', 'Conditions about the parsed JSON, or about the text of another body.'),
  headers: condition('Headers', 'Conditions about headers, by their names in lower case.'),
  topic: condition('Topic', 'Conditions about the topic.'),
  key: condition('Key', 'Conditions about the key.'),
};
const OR = {
  title: 'Or',
  description: 'Objects of which one has to match.',
  type: 'array',
  minItems: 2,
  items: { type: 'object', minProperties: 1 },
};

export const filter = field(() =>
  titled(
    z.unknown().transform((value, context): CompiledFilter => {
      const reading = compileFilter(value, []);
      if (reading.ok) return reading.value;
      for (const { path, reason } of reading.faults) {
        const inside = path === WHOLE_ITEM ? [] : path.split('.');
        context.issues.push({ code: 'custom', path: inside, message: reason, input: undefined });
      }
      return z.NEVER;
    }),
    'Filter',
    `Which messages it gets: an event pattern of EventBridge over body, headers, topic and key, of at most ${MOST_CHARACTERS} characters.`,
    {
      type: 'object',
      minProperties: 1,
      properties: { ...PARTS, $or: OR },
      patternProperties: {
        [`^(${ROOTS.join('|')})\\.`]: condition('Path', 'Conditions about a path with dots.'),
      },
      additionalProperties: false,
    },
  ),
);
