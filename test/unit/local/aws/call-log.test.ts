import { expect, it } from 'vitest';
import { createCallLog } from '#lib/local/aws/call-log.ts';

it('keeps the newest calls, up to its limit', () => {
  const log = createCallLog<{ operation: string; n: number }>(3);
  for (let n = 1; n <= 20; n++) log.add({ operation: n % 2 === 0 ? 'even' : 'odd', n });
  expect(log.list().map((call) => call.n)).toEqual([18, 19, 20]);
  expect(log.list('even').map((call) => call.n)).toEqual([18, 20]);
  log.clear();
  expect(log.list()).toEqual([]);
});
