// The report says when faults do not happen any more.
import { expect, test } from 'vitest';
import { drawPlan } from '#test/faults/draw.ts';
import { AWS_KINDS, kindsOf } from '#test/faults/kinds.ts';
import { createReport } from '#test/faults/report.ts';

const AWS: ReadonlySet<string> = new Set(AWS_KINDS.map(({ name }) => name));

const plans = Array.from({ length: 400 }, (_, index) => drawPlan(index + 1));

/** A report about seeds in which all planned kinds were met, but for those that are left out. */
function reportOf(seeds: readonly number[], isLeftOut: (kind: string) => boolean = () => false) {
  const report = createReport({ kafka: false });
  for (const seed of seeds) {
    const plan = plans[seed - 1] ?? drawPlan(seed);
    const metKinds = kindsOf(false)
      .filter(({ name, isIn }) => isIn(plan) && !isLeftOut(name))
      .map(({ name }) => name);
    const counts = { seconds: 1, messages: 1, requests: 1, places: {}, breaches: [], metFaults: [] };
    report.add({ seed, plan, ...counts, metKinds });
  }
  return report;
}

const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('a kind that many seeds plan and none meets is named', () => {
  expect(reportOf(seeds(150)).unmet()).toEqual([]);
  expect(reportOf(seeds(150), (kind) => kind === '5xx').unmet()).toEqual([]);
  expect(reportOf(seeds(400), (kind) => kind === '5xx').unmet()).toEqual(['5xx']);
});

test('if no fault of AWS is met, a few seeds say it, and runs of the same seed do not', () => {
  const isOfAws = (kind: string) => AWS.has(kind);
  expect(reportOf(seeds(20), isOfAws).unmet()).toEqual(['all faults of AWS and names']);
  expect(reportOf(seeds(5), isOfAws).unmet()).toEqual([]);
  expect(reportOf(Array(40).fill(1), isOfAws).unmet()).toEqual([]);
});
