import fc from 'fast-check';
import { expect, test } from 'vitest';
import { workAtOnce } from '#lib/deliver/at-once.ts';

const items = [...'abcdefgh'];

test('starts every item once and in order, and never more at once than allowed', () =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 10 }), async (scheduler, atOnce) => {
      const begun: string[] = [];
      let open = 0;
      let most = 0;
      const working = workAtOnce(items, atOnce, async (item) => {
        begun.push(item);
        open += 1;
        most = Math.max(most, open);
        await scheduler.schedule(Promise.resolve());
        open -= 1;
        return true;
      });
      await scheduler.waitFor(working);
      expect(begun).toEqual(items);
      expect(open).toBe(0);
      expect(most).toBe(Math.min(atOnce, items.length));
    }),
  ));

test('starts none after one that ends the work, and waits for those under way', async () => {
  const ended: string[] = [];
  const begun: string[] = [];
  await workAtOnce(items, 3, async (item) => {
    begun.push(item);
    // "a" ends the work while "b" and "c" are under way.
    for (let turn = 0; turn < (item === 'a' ? 1 : 5); turn += 1) await Promise.resolve();
    ended.push(item);
    return item !== 'a';
  });
  expect(begun).toEqual(['a', 'b', 'c']);
  expect(ended).toEqual(['a', 'b', 'c']);
});

test('throws the first error after those under way have ended, and starts no other', async () => {
  const ended: string[] = [];
  const working = workAtOnce(items, 2, async (item) => {
    await Promise.resolve();
    if (item === 'b') throw new Error('b failed');
    await Promise.resolve();
    ended.push(item);
    return true;
  });
  await expect(working).rejects.toThrow('b failed');
  expect(ended).toEqual(['a']);
});
