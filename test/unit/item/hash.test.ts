import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOfItem } from '#lib/item/hash.ts';

test('the hash is SHA-256 of the JSON with sorted keys', () => {
  // printf '{"a":[1,"x",null,true],"b":{"c":"é"}}' | sha256sum
  expect(hashOfItem({ b: { c: 'é' }, a: [1, 'x', null, true] })).toBe(
    '8f7b09fd45ef161db679431350a433675455261b1004162925fa1ceb54d59c99',
  );
});

const turned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, turned(inner)]),
  );
};

test('the order of keys, and a way through JSON, change nothing', () => {
  fc.assert(
    fc.property(
      fc.object({ values: [fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()] }),
      (item) => {
        expect(hashOfItem(turned(item))).toBe(hashOfItem(item));
        expect(hashOfItem(JSON.parse(JSON.stringify(item)))).toBe(hashOfItem(item));
      },
    ),
  );
});

test('the order of a list counts, that of a set does not', () => {
  expect(hashOfItem({ a: [1, 2] })).not.toBe(hashOfItem({ a: [2, 1] }));
  expect(hashOfItem({ a: new Set(['x', 'y']) })).toBe(hashOfItem({ a: new Set(['y', 'x']) }));
  expect(hashOfItem({ a: new Set(['x', 'y']) })).not.toBe(hashOfItem({ a: ['x', 'y'] }));
});

test('a field that is undefined was never written', () => {
  expect(hashOfItem({ a: 1, b: undefined })).toBe(hashOfItem({ a: 1 }));
});

test('any change of content changes it', () => {
  const items = [
    {},
    { a: 1 },
    { a: '1' },
    { a: 2 },
    { a: true },
    { a: null },
    { a: [] },
    { a: {} },
    { a: '' },
    { b: 1 },
    { a: 1, b: 1 },
    { a: { b: 1 } },
    { a: 'b":1' },
    { a: new Uint8Array([1, 2]) },
    { a: new Uint8Array([1, 3]) },
    { a: { $binary: 'AQI=' } },
    { a: new Set(['x']) },
    { a: { $set: ['x'] } },
    { a: ['x'] },
    { a: 'set["x"]' },
  ];
  expect(new Set(items.map(hashOfItem)).size).toBe(items.length);
});

test('an invalid item has a hash, too', () => {
  for (const item of [undefined, null, 5n, { a: [undefined] }, { a: new Set([1, 2n]) }, Symbol('x')]) {
    expect(hashOfItem(item)).toMatch(/^[0-9a-f]{64}$/);
  }
});
