import { expect, test } from 'vitest';
import { createSizedMemory } from '#lib/item/sized-memory.ts';

test('what was unused for longest is forgotten, until the rest is small enough', () => {
  const memory = createSizedMemory<string>(10);
  const kept = () => ['a', 'b', 'c', 'd'].filter((key) => memory.get(key) !== undefined).join('');
  memory.set('a', 'A', 4);
  memory.set('b', 'B', 4);
  memory.set('a', 'A again', 2);
  memory.set('c', 'C', 4);
  expect(kept()).toBe('abc');
  memory.get('a');
  memory.set('d', 'D', 4);
  expect(kept()).toBe('acd');
  memory.set('b', 'larger than all together may be', 11);
  expect(kept()).toBe('acd');
});
