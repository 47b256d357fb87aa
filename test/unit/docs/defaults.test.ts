// The pages for readers write "20 s (`lagSeconds`)": the number in front of a parameter is its default.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parameterDefaults } from '#test/support/parameter-defaults.ts';

const defaults = parameterDefaults();
const pages = ['SUBSCRIPTIONS', 'PUBLISHERS', 'RECEIVERS', 'DEAD-LETTERS', 'OPERATORS', 'MIGRATING'].map(
  (name) => `${name}.md`,
);

/** How many of the parameter's own unit, which its name ends with, make one of the page's. */
const UNITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Ms: { ms: 1, s: 1_000 },
  Seconds: { s: 1, seconds: 1, min: 60, minutes: 60, hours: 3_600, days: 86_400 },
  Minutes: { minutes: 1, hours: 60 },
  Days: { days: 1 },
  Bytes: { bytes: 1, KiB: 1_024 },
};

/** The number in the parameter's own unit; undefined where the text does not end with a number and a unit of it. */
function numberBefore(text: string, parameter: string): number | undefined {
  const [, suffix = ''] = /(Ms|Seconds|Minutes|Days|Bytes)$/.exec(parameter) ?? [];
  const [, digits = '', unit = ''] = /(\d[\d,]*)(?: ([A-Za-z]+))?$/.exec(text.trimEnd()) ?? [];
  const factor = suffix === '' ? 1 : UNITS[suffix]?.[unit];
  return digits === '' || factor === undefined ? undefined : Number(digits.replaceAll(',', '')) * factor;
}

const mentions = pages.flatMap((page) => {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/\(`(\w+)`\)/g)].flatMap((match) => {
    const [, parameter = ''] = match;
    const value = defaults.get(parameter);
    if (typeof value !== 'number') return [];
    return [{ page, parameter, value, before: text.slice(Math.max(0, match.index - 40), match.index) }];
  });
});

test('there are such numbers', () => {
  expect(mentions.length).toBeGreaterThan(10);
});

test.each(mentions)('$page has the default of $parameter: $value', ({ parameter, value, before }) => {
  expect(numberBefore(before, parameter), before).toBe(value);
});
