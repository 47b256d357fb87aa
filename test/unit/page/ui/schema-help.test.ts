// What the editor of an item says about the field at the cursor, by the committed schema.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { helpAt, pathAt } from '#lib/page/ui/schema-help.ts';

const schema = JSON.parse(readFileSync('events/schema/subscription.schema.json', 'utf8'));

/** The path at the sign ▮. */
const at = (text: string): readonly string[] => pathAt(text.replace('▮', ''), text.indexOf('▮'));

test.each([
  ['{"id": "a▮"}', ['id']],
  ['{"configuration": {"http": {"readTimeout": 5▮}}}', ['configuration', 'http', 'readTimeout']],
  ['{"configuration": {"http": {"readTimeout": 5}}, "qos": ▮', ['qos']],
  ['{"configuration": {"headers": [{"name": "a\\"}▮', ['configuration', 'headers', '[]', 'name']],
  ['{"configuration": {▮', ['configuration', '']],
  ['▮', []],
])('%s is at %j', (text, path) => {
  expect(at(text)).toEqual(path);
});

test('a field has its description, its values and its default', () => {
  const { field } = helpAt(schema, ['qos']);
  expect(field?.values).toContain('"at-least-once"');
  expect(field?.values).toContain('default "auto"');
  expect(field?.description).not.toBe('');
});

test('all fields of an object are named, through references and choices', () => {
  const names = (path: readonly string[]) => helpAt(schema, path).beside.map(({ name }) => name);
  expect(names([''])).toEqual(expect.arrayContaining(['id', 'topic', 'qos', 'dlq', 'configuration']));
  expect(names(['configuration', ''])).toEqual(expect.arrayContaining(['callbackUrl', 'auth', 'signing']));
  expect(names(['configuration', 'auth', ''])).toEqual(expect.arrayContaining(['type', 'basic']));
  expect(names(['configuration', 'headers', '[]', ''])).toEqual(expect.arrayContaining(['name', 'value']));
  expect(helpAt(schema, ['configuration', 'nothing', ''])).toEqual({ field: undefined, beside: [] });
});
