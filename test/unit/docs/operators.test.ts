// OPERATORS.md's arithmetic is done again, and its numbers are those of the deployment.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FULL_AT } from '#lib/queue/backstop.ts';
import { LARGEST_MAX_CONCURRENT_CONNECTIONS } from '#lib/subscription/http-schema.ts';
import { readPage } from '#test/support/page.ts';

const page = readPage('OPERATORS.md');
const yaml = readFileSync('serverless.yml', 'utf8');
const cents = (usd: number): number => Math.round(usd * 100);

const [costs = [], dearer = []] = page.text
  .split('\n## ')
  .filter((section) => section.startsWith('What it costs'))
  .flatMap((section) => section.split('| what | millions of |').slice(1))
  .map((table) =>
    [...table.matchAll(/^\| (.*?) \| ([\d.]+) \| (.*?) \| ([\d.]+) \| ([\d.]+) \|$/gm)].map(
      ([, what, millions, , price, usd]) => ({
        what,
        millions: Number(millions),
        price: Number(price),
        usd: Number(usd),
      }),
    ),
  );

test.each([
  ['of a million deliveries', costs, 10],
  ['of what makes them dearer', dearer, 5],
])('every line %s is its quantity times its price', (_, lines, count) => {
  expect(lines).toHaveLength(count);
  for (const { what, millions, price, usd } of lines) expect(cents(usd), what).toBe(cents(millions * price));
});

test('the sum is the sum of its lines, and the README says the same', () => {
  const sum = costs.reduce((total, { usd }) => total + cents(usd), 0) / 100;
  expect(page.text).toContain(`| **together** | | | | **${sum.toFixed(2)}** |`);
  expect(readFileSync('README.md', 'utf8')).toContain(`${sum.toFixed(2)} USD`);
});

test.each([
  ['deliverMaximumConcurrency', '200', /`deliver` at once \| 200 /],
  ['routeMaximumConcurrency', '50', /are 50: exactly `routeMaximumConcurrency`/],
  ['largestReadTimeoutMs', '30000', /`readTimeout` \| 30 s \(`largestReadTimeoutMs`\)/],
  ['backlogRetentionDays', '21', /backlog 21 days/],
  ['retentionSeconds', '1209600', /queues 14 days/],
  ['secretCacheSeconds', '300', /10,000 secrets in 300 s/],
])('%s is %s, as the page has it', (name, value, text) => {
  expect(yaml).toMatch(new RegExp(`^    ${name}: ${value}$`, 'm'));
  expect(page.text).toMatch(text);
});

test('the memory that is paid for is what the functions have', () => {
  expect(yaml).toMatch(/^ {4}memoryMb: 512$/m);
});

test('where route holds back, and how many lanes there are, is as the page has it', () => {
  expect(page.text).toContain(`\`route\` holds back from ${FULL_AT.toLocaleString('en')} on`);
  expect(page.text).toContain(`${LARGEST_MAX_CONCURRENT_CONNECTIONS} lanes at most`);
});
