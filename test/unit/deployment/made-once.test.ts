import { expect, test } from 'vitest';
import { madeOnce } from '#lib/deployment/made-once.ts';

test('a value is made once, and anew only after a failure', async () => {
  const results = [Promise.reject(new Error('no file')), Promise.resolve('made'), Promise.resolve('again')];
  let made = 0;
  const value = madeOnce(() => {
    made += 1;
    return results.shift() ?? Promise.resolve('');
  });
  expect(made).toBe(0);
  await expect(value()).rejects.toThrow('no file');
  expect(await Promise.all([value(), value()])).toEqual(['made', 'made']);
  expect(await value()).toBe('made');
  expect(made).toBe(2);
});
