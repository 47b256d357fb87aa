// The measured CPU times of the scale model are those that BENCHMARKS.md has.
import { expect, test } from 'vitest';
import { CPU_MS } from '#lib/scale/quotas.ts';
import { readPage } from '#test/support/page.ts';

test.each([
  ['burst, 20,000 messages', 'full'],
  ['100 a second, 3,000 messages', 'alone'],
] as const)('the CPU times of a delivery are those of the case "%s"', (name, end) => {
  const rows = readPage('BENCHMARKS.md').table('case | app CPU of a delivery');
  const [, , deliver, route] = rows.find(([of]) => of === name) ?? [];
  expect([deliver, route]).toEqual([`${CPU_MS.deliver[end]} ms`, `${CPU_MS.route[end]} ms`]);
});
