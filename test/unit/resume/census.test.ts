// What the census tells of each phase, from the state that the functions themselves have written.
import { expect, test } from 'vitest';
import { census } from '#lib/resume/census.ts';
import type { MeasureName } from '#lib/telemetry/log.ts';
import { tablesOver } from '#test/support/memory-documents.ts';
import { MINUTE, publishMany, SECOND } from '#test/support/moments.ts';
import { createWorld, type World } from '#test/support/world.ts';

async function counted(
  world: World,
  { endsAt = Number.MAX_SAFE_INTEGER, documents = world.tables.documents } = {},
) {
  const told: Partial<Record<MeasureName, number>> = {};
  const lines: string[] = [];
  const log = (event: string) => void lines.push(event);
  await census(
    { endsAt },
    {
      ...tablesOver(documents),
      now: world.now,
      log: { info: log, warn: log, error: log },
      measure: (name, value) => {
        told[name] = value;
      },
    },
  );
  return { told, lines };
}

const NOBODY = {
  SubscriptionsStopped: 0,
  SubscriptionsInOutage: 0,
  SubscriptionsDraining: 0,
  SubscriptionsSlow: 0,
  BacklogMessages: 0,
  BacklogOldestAge: 0,
};

test('without pauses the counts are zero, and are reported', async () => {
  const world = createWorld();
  world.put('acme');
  publishMany(world, 'acme', 3);
  await world.pass(5 * SECOND);
  expect((await counted(world)).told).toEqual(NOBODY);
});

test('stopped subscriptions and outages are counted, with their backlogs and ages', async () => {
  const world = createWorld();
  for (const id of ['refuses', 'also-refuses', 'is-away']) world.put(id);
  world.script.answer = ({ subscription }) => ({ status: subscription === 'is-away' ? 503 : 400 });
  for (const id of ['refuses', 'also-refuses', 'is-away']) publishMany(world, id, 4);
  await world.pass(MINUTE);
  const { told } = await counted(world);
  expect(told).toMatchObject({ SubscriptionsStopped: 2, SubscriptionsInOutage: 1, BacklogMessages: 12 });
  expect(told.BacklogOldestAge).toBeGreaterThan(40);
  expect(told.BacklogOldestAge).toBeLessThanOrEqual(60);
});

test('a recent measurement is not repeated, and the age grows', async () => {
  const world = createWorld();
  world.put('refuses');
  world.script.answer = () => ({ status: 400 });
  publishMany(world, 'refuses', 3);
  await world.pass(MINUTE);
  await counted(world);
  const before = world.tables.items('state').find(({ sk }) => sk === 'backlog')?.at;
  await world.pass(5 * MINUTE);
  const { told } = await counted(world);
  expect(told.BacklogOldestAge).toBeGreaterThan(5 * 60);
  expect(world.tables.items('state').find(({ sk }) => sk === 'backlog')?.at).toBe(before);
  await world.pass(7 * MINUTE);
  publishMany(world, 'refuses', 5);
  await world.pass(10 * SECOND);
  expect((await counted(world)).told).toMatchObject({ BacklogMessages: 8 });
});

test('a lagging lane that drains is counted as draining, and what waits in it is measured', async () => {
  const world = createWorld({ environment: { LAG_SECONDS: '1', SLOW_AFTER_SECONDS: '4' } });
  world.put('slow');
  world.script.answer = () => ({ status: 200, afterMs: 3_000 });
  publishMany(world, 'slow', 90);
  await world.pass(20 * SECOND);
  const { told } = await counted(world);
  expect(told).toMatchObject({ SubscriptionsStopped: 0, SubscriptionsInOutage: 0, SubscriptionsDraining: 1 });
  expect(told.BacklogMessages).toBe(world.entries('slow').length);
  expect(told.BacklogMessages).toBeGreaterThan(0);
});

test('a slow subscription with a backlog is counted as slow, and what waits in it is measured', async () => {
  const world = createWorld();
  world.put('slow');
  world.script.answer = () => ({ status: 200, afterMs: 8_000 });
  publishMany(world, 'slow', 10);
  await world.pass(20 * SECOND);
  const { told } = await counted(world);
  expect(told).toMatchObject({ SubscriptionsDraining: 0, SubscriptionsSlow: 1 });
  expect(told.BacklogMessages).toBe(world.entries('slow').length);
  expect(told.BacklogMessages).toBeGreaterThan(0);
});

test('a census that fails reports no numbers rather than too low ones', async () => {
  const world = createWorld();
  const documents = {
    send: async () => {
      throw new Error('throttled');
    },
  };
  expect(await counted(world, { documents })).toEqual({ told: {}, lines: ['census.failed'] });
});

test('a census whose time is up says so', async () => {
  const world = createWorld();
  expect((await counted(world, { endsAt: 0 })).lines).toEqual(['census.cut-short']);
});
