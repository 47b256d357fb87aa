// OPERATORS.md: its arithmetic is done again, its numbers are those of the code, and its tables leave nothing out.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CAUSE_CODES, CAUSES } from '#lib/deliver/cause.ts';
import { FULL_AT } from '#lib/queue/backstop.ts';
import { requestSchema } from '#lib/resume/request.ts';
import { LARGEST_MAX_CONCURRENT_CONNECTIONS } from '#lib/subscription/http-schema.ts';
import { readPage } from '#test/support/page.ts';
import { parameterDefaults } from '#test/support/parameter-defaults.ts';

const page = readPage('OPERATORS.md');
const cents = (usd: number): number => Math.round(usd * 100);

describe('the costs', () => {
  const linesOf = (header: string) =>
    page.table(header).map(([what = '', millions, , price, usd = '']) => ({
      what,
      millions: Number(millions),
      price: Number(price),
      usd,
    }));
  const costs = linesOf('what | millions of');
  const lines = costs.slice(0, -1);
  const [together] = costs.slice(-1);

  test.each([...lines, ...linesOf('extra cost')])('of "$what" are its quantity times its price', (line) => {
    expect(line.millions).toBeGreaterThan(0);
    expect(cents(Number(line.usd))).toBe(cents(line.millions * line.price));
  });

  test('together are the sum of the lines, and the README says the same', () => {
    const sum = lines.reduce((total, { usd }) => total + cents(Number(usd)), 0) / 100;
    expect(together?.usd).toBe(`**${sum.toFixed(2)}**`);
    expect(readFileSync('README.md', 'utf8')).toContain(`${sum.toFixed(2)} USD`);
  });

  test('are those of functions with the default memory', () => {
    expect(parameterDefaults().get('memoryMb')).toBe(512);
  });
});

test.each([
  ['messages waiting on deliveries.fifo', FULL_AT],
  ['requests in flight of a subscription without order', LARGEST_MAX_CONCURRENT_CONNECTIONS],
])('the quota of %s is %i', (quota, value) => {
  const [, here = ''] = page.table('quota').find(([name]) => name === quota) ?? [];
  expect(here.match(/\d[\d,]*/g)).toEqual([value.toLocaleString('en')]);
});

test('every request to resume has its row, and no row is of another', () => {
  const actions = requestSchema.options.map(({ shape }) => shape.action.value);
  const listed = page
    .table('`action`')
    .flatMap(([names = '']) => names.replace(/ without .*/, '').split(', '));
  expect([...new Set(listed)].sort()).toEqual([...actions].sort());
});

test('every cause of an attempt without a status has its row, with what to do', () => {
  expect(page.table('code')).toEqual(CAUSE_CODES.map((code) => [code, CAUSES[code]]));
});
