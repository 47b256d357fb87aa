// The slots of slow drains: as many as the deployment says, a quarter for one tenant, each free again after its time.
import { describe, expect, test } from 'vitest';
import { SLOTS_KEY } from '#lib/state/keys.ts';
import { exchangeSlot, NO_SLOTS, readSlots, refusalOf, slotLimitsOf, slotsLeft } from '#lib/state/slots.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';

const limitsOf = (all: number) => slotLimitsOf({ SLOW_DRAIN_BUDGET: all, LARGEST_READ_TIMEOUT_MS: 30_000 });
const NOW = 1_000_000;

function createSlots(all: number, { perTenant = all } = {}) {
  let now = NOW;
  const memory = createMemoryDocuments();
  const { stateTable } = tablesOver(memory.documents);
  const waits: number[] = [];
  const deps = {
    stateTable,
    slotLimits: { ...limitsOf(all), perTenant },
    now: () => now,
    random: () => 0.5,
    wait: async (ms: number) => void waits.push(ms),
  };
  const wanted = (holder: string, tenant = holder) => ({ holder, tenant, until: now + 120_000 });
  return {
    deps,
    waits,
    memory,
    take: (holder: string, tenant?: string, back?: string) =>
      exchangeSlot({ back, wanted: wanted(holder, tenant) }, deps),
    giveBack: (back: string) => exchangeSlot({ back }, deps),
    taken: async () => Object.keys((await readSlots(undefined, deps)).taken).sort(),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('a tenant has a quarter of the slots, and one at least', () => {
  expect([1, 2, 7, 8, 40].map((all) => limitsOf(all).perTenant)).toEqual([1, 1, 1, 2, 10]);
});

describe('a slot', () => {
  test('is taken while there are some, and refused when there is none', async () => {
    const slots = createSlots(2);
    expect([await slots.take('a'), await slots.take('b'), await slots.take('c')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await slots.taken()).toEqual(['a', 'b']);
    await slots.giveBack('a');
    expect(await slots.take('c')).toBe(true);
  });

  test('is refused to a tenant that has its share, and given to another', async () => {
    const slots = createSlots(8, { perTenant: 2 });
    const taken = [];
    for (const lane of ['a', 'b', 'c']) taken.push(await slots.take(lane, 'acme'));
    expect(taken).toEqual([true, true, false]);
    expect(await slots.take('d', 'other')).toBe(true);
  });

  test('passes from one lane to the next in one write', async () => {
    const slots = createSlots(1);
    await slots.take('a');
    expect(await slots.take('b', 'b', 'a')).toBe(true);
    expect(await slots.taken()).toEqual(['b']);
    expect(slots.memory.get('state', SLOTS_KEY)?.version).toBe(2);
  });

  test('is given back also when the other lane gets none', async () => {
    const slots = createSlots(8, { perTenant: 1 });
    await slots.take('a', 'one');
    await slots.take('b', 'two');
    expect(await slots.take('c', 'two', 'a')).toBe(false);
    expect(await slots.taken()).toEqual(['b']);
  });

  test('is not taken twice by one lane', async () => {
    const slots = createSlots(4);
    expect([await slots.take('a'), await slots.take('a')]).toEqual([true, false]);
  });

  test('is free again when its time is over, and not before', async () => {
    const slots = createSlots(1);
    await slots.take('a');
    slots.pass(119_999);
    expect(await slots.take('b')).toBe(false);
    slots.pass(1);
    expect(await slots.take('b')).toBe(true);
    expect(await slots.taken()).toEqual(['b']);
  });

  test('goes to as many of thirty at once as there are slots', async () => {
    const slots = createSlots(12);
    const given = await Promise.all(Array.from({ length: 30 }, (_, lane) => slots.take(`lane${lane}`)));
    expect(given.filter(Boolean)).toHaveLength(12);
    expect(await slots.taken()).toHaveLength(12);
    expect(slots.waits.length).toBeGreaterThan(0);
  });
});

test('nothing is written when nothing changes', async () => {
  const slots = createSlots(1);
  await slots.giveBack('nobody');
  expect(slots.memory.get('state', SLOTS_KEY)).toBeUndefined();
});

test('a holder that has given back its slot does not count', () => {
  const taken = { a: { tenant: 'acme', until: NOW + 1 }, b: { tenant: 'acme', until: NOW } };
  const left = slotsLeft({ ...NO_SLOTS, taken }, undefined, NOW);
  expect(Object.keys(left.taken)).toEqual(['a']);
  expect(refusalOf(left, { holder: 'a', tenant: 'acme' }, limitsOf(40))).toBe('held');
  expect(refusalOf(slotsLeft(left, 'a', NOW), { holder: 'a', tenant: 'acme' }, limitsOf(1))).toBeUndefined();
});
