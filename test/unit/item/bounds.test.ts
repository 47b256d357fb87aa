// Which items are too large, and how much of one is looked at to find that out.
import { describe, expect, test } from 'vitest';
import { parseEndpoint } from '#lib/endpoint/schema.ts';
import { MOST_ITEM_BYTES, MOST_ITEM_KEYS, tooLarge } from '#lib/item/bounds.ts';
import { faultsAsText } from '#lib/item/fault.ts';
import { hashOfItem } from '#lib/item/hash.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { itemWith, rules } from '#test/support/subscription-items.ts';

const keys = (count: number, value: unknown = 'x') =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, value]));

describe('an item is too large', () => {
  test('with more than 500 keys, wherever they are', () => {
    expect(tooLarge(keys(MOST_ITEM_KEYS))).toBeUndefined();
    expect(tooLarge(keys(MOST_ITEM_KEYS + 1))).toContain('more than 500 keys');
    expect(tooLarge({ a: keys(250), b: [keys(248)] })).toBeUndefined();
    expect(tooLarge({ a: keys(250), b: [keys(249)] })).toContain('more than 500 keys');
  });

  test('with more than 500 entries in its lists and sets', () => {
    expect(tooLarge({ a: Array(250).fill(1), b: new Set(Array(250).keys()) })).toBeUndefined();
    expect(tooLarge({ a: Array(250).fill(1), b: new Set(Array(251).keys()) })).toContain('500 entries');
    let nested: unknown = [];
    for (let level = 0; level < 100_000; level++) nested = [nested];
    expect(tooLarge(nested)).toContain('500 entries');
  });

  test('with more than 64 KB of names and texts, in bytes of UTF-8', () => {
    const text = (bytes: number) => 'x'.repeat(bytes);
    expect(tooLarge({ a: text(MOST_ITEM_BYTES - 1) })).toBeUndefined();
    expect(tooLarge({ a: text(MOST_ITEM_BYTES) })).toContain('larger than 64 KB');
    expect(tooLarge({ [text(MOST_ITEM_BYTES)]: '' })).toBeUndefined();
    expect(tooLarge({ [text(MOST_ITEM_BYTES)]: 'a' })).toContain('larger than 64 KB');
    expect(tooLarge({ a: 'é'.repeat(MOST_ITEM_BYTES / 2) })).toContain('larger than 64 KB');
    expect(tooLarge({ a: new Uint8Array(MOST_ITEM_BYTES) })).toContain('larger than 64 KB');
    expect(tooLarge({ a: 'x'.repeat(400_000) })).toContain('larger than 64 KB');
  });
});

/** Counts how many values of an object are read. */
function counted(object: Record<string, unknown>): { readonly item: object; read: () => number } {
  let count = 0;
  const item = new Proxy(object, {
    get(target, key) {
      count += 1;
      return Reflect.get(target, key);
    },
  });
  return { item, read: () => count };
}

describe('an item that is too large', () => {
  const huge = { ...itemWith({}), ...keys(30_000) };

  test('is refused in one sentence, and hardly anything of it is read', () => {
    const subscription = counted(huge);
    expect(parseSubscription(subscription.item, rules)).toEqual({
      ok: false,
      faults: [{ path: '(item)', reason: expect.stringContaining('has more than 500 keys') }],
      isTooLarge: true,
    });
    const endpoint = counted({ name: 'e', type: 'sqs', ...keys(30_000) });
    expect(parseEndpoint(endpoint.item, rules)).toMatchObject({ ok: false, faults: [{ path: '(item)' }] });
    expect(subscription.read() + endpoint.read()).toBeLessThanOrEqual(2 * MOST_ITEM_KEYS);
  });

  test('has another hash when it is put anew, and the same when it is not', () => {
    expect(hashOfItem(huge)).toBe(hashOfItem({ ...huge }));
    expect(hashOfItem(huge)).not.toBe(hashOfItem({ ...huge, k29999: 'y' }));
    const odd = { ...huge, set: new Set(['a']), binary: new Uint8Array([1]), big: 10n };
    expect(hashOfItem(odd)).not.toBe(hashOfItem({ ...odd, set: new Set(['b']) }));
  });
});

describe('the faults of an item', () => {
  const faultsOf = (item: object) => {
    const parsed = parseSubscription(item, rules);
    return parsed.ok ? [] : parsed.faults;
  };

  test('are the first twenty, and the number of the others', () => {
    const faults = faultsOf({ ...itemWith({}), ...keys(300) });
    expect(faults).toHaveLength(21);
    expect(faults[20]).toEqual({ path: '(item)', reason: 'has 280 more faults', more: 280 });
    expect(faultsOf({ ...itemWith({}), ...keys(20) })).toHaveLength(20);
  });

  test('name the key that was meant only for the first few: each comparison takes long', () => {
    const slips = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [
        `readTimeout${'x'.repeat(n % 2)}${n % 10}${n > 9 ? 'y' : ''}`,
        1,
      ]),
    );
    const meant = faultsOf(itemWith({ http: slips })).filter(({ reason }) => reason.includes('did you mean'));
    expect(meant.length).toBeGreaterThan(0);
    expect(meant.length).toBeLessThanOrEqual(5);
    const inLists = faultsOf(
      itemWith({ headers: Array.from({ length: 15 }, () => ({ nam: 'a', value: 'b' })) }),
    );
    expect(inLists.filter(({ reason }) => reason.includes('did you mean')).length).toBe(5);
  });

  test('make a sentence of at most 1 KB, which says how many are left out', () => {
    const text = faultsAsText(faultsOf({ ...itemWith({}), ...keys(300) }));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_024);
    expect(text).toMatch(/^k0: is not known here: .*; and 2\d\d more$/);
    const [, told = ''] = / and (\d+) more$/.exec(text) ?? [];
    expect(text.match(/is not known here/g)?.length).toBe(300 - Number(told));
    expect(
      faultsAsText([
        { path: 'a', reason: 'b' },
        { path: 'c', reason: 'd' },
      ]),
    ).toBe('a: b; c: d');
    expect(
      faultsAsText([
        { path: 'a', reason: 'é'.repeat(2_000) },
        { path: 'c', reason: 'd' },
      ]),
    ).toBe(`a: ${'é'.repeat(509)}…`);
  });
});
