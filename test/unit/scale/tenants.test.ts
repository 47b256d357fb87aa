import { expect, test } from 'vitest';
import { stageOfTenant, tenantsOfFullestStage } from '#lib/scale/tenants.ts';

const TENANTS = Array.from({ length: 300 }, (_, number) => `acme-${number}`);

test('a new stage takes tenants from the others, and moves none between them', () => {
  const before = new Map(TENANTS.map((tenant) => [tenant, stageOfTenant(tenant, ['one', 'two'])]));
  const after = new Map(TENANTS.map((tenant) => [tenant, stageOfTenant(tenant, ['two', 'three', 'one'])]));
  const moved = TENANTS.filter((tenant) => before.get(tenant) !== after.get(tenant));
  expect(moved.every((tenant) => after.get(tenant) === 'three')).toBe(true);
  expect(moved.length).toBeGreaterThan(60);
  expect(moved.length).toBeLessThan(140);
});

test('the fullest stage has more tenants than the mean, and all of them where there is one stage', () => {
  expect(tenantsOfFullestStage(100, 1)).toBe(100);
  expect(tenantsOfFullestStage(100, 4)).toBeGreaterThan(25);
  expect(tenantsOfFullestStage(100, 4)).toBeLessThan(45);
});

test('without a stage there is no answer', () => {
  expect(() => stageOfTenant('acme', [])).toThrow('no stage');
});
