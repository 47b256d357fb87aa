// Each kind of fault that CONTRIBUTING names is in plans, and each kind that plans have is named there.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { drawPlan } from '#test/faults/draw.ts';
import { isAlone } from '#test/faults/draw-alone.ts';
import {
  AWS_KINDS,
  FUNCTION_KINDS,
  ITEM_KINDS,
  KAFKA_KINDS,
  kindsOf,
  MESSAGE_KINDS,
  RECEIVER_KINDS,
} from '#test/faults/kinds.ts';

const SEEDS = Array.from({ length: 1_000 }, (_, index) => index + 1);
const plans = SEEDS.map((seed) => drawPlan(seed));
const withKafka = SEEDS.map((seed) => drawPlan(seed, { broker: true }));

// A fault that one plan in a hundred has is met in every long run.
test.each(kindsOf(false))('at least ten of a thousand plans have: $name', ({ isIn }) => {
  expect(plans.filter(isIn).length).toBeGreaterThanOrEqual(10);
});

test.each(kindsOf(false))('at least three of a thousand plans have this kind alone: $name', (kind) => {
  expect(plans.filter((plan) => isAlone(kind, plan)).length).toBeGreaterThanOrEqual(3);
});

test('three of four plans are mixed', () => {
  const alone = plans.filter((plan) => kindsOf(false).some((kind) => isAlone(kind, plan)));
  expect(alone.map(({ seed }) => seed)).toEqual(SEEDS.filter((seed) => seed % 4 === 0));
});

test.each(KAFKA_KINDS)('plans with a broker have this kind alone: $name', (kind) => {
  expect(withKafka.filter((plan) => isAlone(kind, plan)).length).toBeGreaterThanOrEqual(50);
});

test.each(KAFKA_KINDS)('plans with a broker have, and others do not: $name', ({ isIn }) => {
  expect(withKafka.filter(isIn).length).toBeGreaterThanOrEqual(100);
  expect(plans.some(isIn)).toBe(false);
});

test('CONTRIBUTING lists these kinds', () => {
  const page = readFileSync('CONTRIBUTING.md', 'utf8');
  const rows = [
    ...page.matchAll(/^\| (receivers|functions|AWS and names|items|messages|with `--kafka`) \| (.*) \|$/gm),
  ];
  expect(Object.fromEntries(rows.map(([, group, kinds]) => [group, kinds]))).toEqual({
    receivers: named(RECEIVER_KINDS),
    functions: named(FUNCTION_KINDS),
    'AWS and names': named(AWS_KINDS),
    items: named(ITEM_KINDS),
    messages: named(MESSAGE_KINDS),
    'with `--kafka`': named(KAFKA_KINDS),
  });
});

const named = (kinds: readonly { readonly name: string }[]): string =>
  kinds.map(({ name }) => name).join('; ');
