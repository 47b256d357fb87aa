// The table of parameters makes the environment, its reading and OPERATORS.md. What stands elsewhere agrees with it:
// serverless.yml sets what the functions read beside parameters, and the page has the tables as they are made.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { withTables } from '#lib/build/operators-tables.ts';
import { given, params } from '#lib/build/template-values.ts';
import * as config from '#lib/deployment/config.ts';
import { FUNCTION_NAMES } from '#lib/deployment/parameter.ts';
import { PARAMETERS, parameterList, parametersFor } from '#lib/deployment/parameters.ts';

const text = readFileSync('serverless.yml', 'utf8');
const environmentSchema = z.object({ environment: z.record(z.string(), z.unknown()).default({}) });
const service = z
  .object({ provider: environmentSchema, functions: z.record(z.string(), environmentSchema) })
  .parse(parse(text, { logLevel: 'silent' }));

const schemas = {
  route: config.routeEnvironment,
  deliver: config.deliverEnvironment,
  bridge: config.bridgeEnvironment,
  resume: config.resumeEnvironment,
  redrive: config.redriveEnvironment,
};

describe.each(FUNCTION_NAMES)('the environment of %s', (name) => {
  test('is what serverless.yml sets and what the table of parameters gives, and nothing else is read', () => {
    const set = [
      ...Object.keys(service.provider.environment),
      ...Object.keys(service.functions[name]?.environment ?? {}),
      ...parametersFor(name).map(({ variable }) => variable),
    ];
    // Lambda's emulators set it.
    const read = Object.keys(schemas[name].shape).filter((variable) => variable !== 'AWS_ENDPOINT_URL');
    expect(set.sort()).toEqual(read.sort());
  });
});

describe('the table of parameters', () => {
  test('names each variable after its parameter', () => {
    for (const { name, variable } of parameterList()) {
      if (variable === undefined) continue;
      expect(variable).toBe(name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
    }
  });

  test('names the unit at the end of the name', () => {
    const ends = { s: 'Seconds', ms: 'Ms', minutes: 'Minutes', days: 'Days', bytes: 'Bytes', MB: 'Mb' };
    for (const { name, unit } of parameterList()) {
      const end = Object.entries(ends).find(([, word]) => name.endsWith(word));
      expect({ name, unit }).toEqual({ name, unit: end?.[0] });
    }
  });

  test.each(parameterList())(
    'allows the default of $name',
    ({ given: schema, default: value, stages = {} }) => {
      for (const one of [value, ...Object.values(stages)]) {
        const text = typeof one === 'string' ? one.replace('<stage>', 'dev') : one;
        expect(schema().safeParse(text).error).toBeUndefined();
      }
    },
  );

  test('has every parameter that serverless.yml uses', () => {
    const used = [...text.matchAll(/\$\{param:(\w+)\}/g)].map(([, name = '']) => name);
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((name) => !(name in PARAMETERS))).toEqual([]);
  });

  test('gives serverless.yml its defaults and its stages', () => {
    const { default: defaults, ...stages } = params();
    expect(Object.keys(defaults ?? {})).toEqual(Object.keys(PARAMETERS));
    expect(defaults).toMatchObject({ lagSeconds: 20, keepData: 'false', tags: '' });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: serverless fills it in.
    expect(defaults).toHaveProperty('secretsPrefix', 'webhooks/${sls:stage}');
    expect(stages).toEqual({
      local: { allowHttp: 'true', allowPlaintextSasl: 'true' },
      prod: { keepData: 'true' },
    });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: serverless fills it in.
    expect(given()).toHaveProperty('lagSeconds', '${param:lagSeconds}');
  });

  test('is in OPERATORS.md (npm run parameters puts it there)', () => {
    const page = readFileSync('OPERATORS.md', 'utf8');
    expect(page).toBe(withTables(page));
  });
});
