// The functions' environment is said in three places: config.ts reads it, serverless.yml sets it, OPERATORS.md explains
// it. They say the same.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { SAMPLE_ENVIRONMENT } from '#lib/build/sample-environment.ts';
import * as config from '#lib/deployment/config.ts';

const yaml = readFileSync('serverless.yml', 'utf8');
const page = readFileSync('OPERATORS.md', 'utf8');

// Powertools reads it; Lambda's emulators set the other.
const READ_BY_OTHERS = ['LOG_LEVEL'];
const NOT_SET_BY_US = ['AWS_ENDPOINT_URL'];

const schemas = Object.entries(config).flatMap(([name, schema]) =>
  name.endsWith('Environment') && 'shape' in schema
    ? [{ name: name.replace('Environment', ''), reads: Object.keys(schema.shape) }]
    : [],
);

const namesIn = (text: string): string[] =>
  [...text.matchAll(/^ +([A-Z][A-Z_]+):/gm)].map(([, name]) => String(name));
/** The lines below the one that `start` matches, up to the next that `end` matches. */
function below(start: RegExp, end: RegExp): string {
  const lines = yaml.split('\n');
  const [, ...rest] = lines.slice(lines.findIndex((line) => start.test(line)));
  const stop = rest.findIndex((line) => end.test(line));
  return rest.slice(0, stop).join('\n');
}
const common = namesIn(below(/^provider:/, /^\w/));
const setFor = (name: string): string[] => [
  ...common,
  ...namesIn(below(new RegExp(`^  ${name}:$`), /^ {0,2}\S/)),
];

describe.each(schemas)('the environment of $name', ({ name, reads }) => {
  test('serverless.yml sets what config.ts reads, and nothing else', () => {
    const read = reads.filter((variable) => !NOT_SET_BY_US.includes(variable));
    expect(setFor(name).sort()).toEqual([...read, ...READ_BY_OTHERS].sort());
  });

  test('OPERATORS.md explains every one of them', () => {
    for (const variable of setFor(name)) expect(page).toContain(`\`${variable}\``);
  });
});

test('OPERATORS.md explains no variable that is not there', () => {
  const table = page.slice(page.indexOf('| variable |'), page.indexOf('## Back up'));
  const explained = [...table.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => String(name));
  const set = new Set([...schemas.flatMap(({ name }) => setFor(name)), 'INFO']);
  expect(explained.filter((name) => !set.has(name))).toEqual([]);
});

describe('the parameters of a deployment', () => {
  const { default: defaults } = z
    .object({ params: z.object({ default: z.record(z.string(), z.unknown()) }) })
    .parse(parse(yaml, { logLevel: 'silent' })).params;
  const rows = [...page.matchAll(/^\| (`[a-z][^|]*`) \| ([^|]+) \|/gm)]
    .map(([, names = '', said = '']) => ({
      names: [...names.matchAll(/`(\w+)`/g)].map(([, n]) => String(n)),
      said,
    }))
    .filter(({ names }) => names.some((name) => name in defaults));

  test('are those that OPERATORS.md has, each once', () => {
    expect(rows.flatMap(({ names }) => names).sort()).toEqual(Object.keys(defaults).sort());
  });

  test('are what an environment without a deployment has', () => {
    const set = [...yaml.matchAll(/^ +([A-Z_]+): \$\{param:(\w+)\}$/gm)].map(
      ([, name = '', parameter = '']) => [name, String(defaults[parameter])],
    );
    for (const [name = '', value = ''] of set) {
      // What is made of the stage's name, and what others read.
      if (value.includes('${') || READ_BY_OTHERS.includes(name)) continue;
      expect({ name, value: SAMPLE_ENVIRONMENT[name] }).toEqual({ name, value });
    }
  });

  test('have the defaults that OPERATORS.md gives', () => {
    for (const { names, said } of rows) {
      for (const name of names) {
        const value = String(defaults[name]);
        // What is made of the stage's name is said in words.
        if (value.includes('${')) continue;
        const first = /[^`;\s]+/.exec(said)?.[0];
        expect({ name, value: first === 'none' ? '' : first }).toEqual({ name, value });
      }
    }
  });
});
