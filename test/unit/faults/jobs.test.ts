import { expect, test } from 'vitest';
import { createEachCall, type Job, nameOf, planOf, seedsFrom } from '#test/faults/jobs.ts';

test('seeds follow one another', () => {
  expect([...seedsFrom(3, 5)]).toEqual([{ seed: 3 }, { seed: 4 }, { seed: 5 }]);
  const endless = seedsFrom(7);
  expect([endless.next().value, endless.next().value]).toEqual([{ seed: 7 }, { seed: 8 }]);
});

test('a seed may have more faults of calls than it draws', () => {
  const more = { kind: 'slow', operation: 'PutItem', from: 1, times: 9, pollers: false } as const;
  const [job] = [...seedsFrom(5, 5, { calls: [more] })];
  if (job === undefined) throw new Error('no job');
  expect(planOf(job, false).calls).toEqual([...planOf({ seed: 5 }, false).calls, more]);
});

test('each call is killed in turn until three runs have no such call, and then the next plan', () => {
  // Every run of these plans makes so many calls and requests.
  const counts = { 'before-call': 3, 'after-call': 2, 'in-request': 1 };
  const each = createEachCall(1, 2);
  const jobs: Job[] = [];
  for (let next = each.jobs.next(); !next.done; next = each.jobs.next()) {
    const { value: job } = next;
    if (job.kill === undefined) throw new Error('a job without a kill');
    jobs.push(job);
    each.heard(job, job.kill.n <= counts[job.kill.place]);
  }
  const ofSeed = (seed: number) =>
    jobs.filter((job) => job.seed === seed).map((job) => nameOf(job).split(' ').at(-1));
  const all = [
    'before-call:1',
    'after-call:1',
    'in-request:1',
    'before-call:2',
    'after-call:2',
    'in-request:2',
    'before-call:3',
    'after-call:3',
    'in-request:3',
    'before-call:4',
    'after-call:4',
    'in-request:4',
    'before-call:5',
    'after-call:5',
    'before-call:6',
  ];
  expect(ofSeed(1)).toEqual(all);
  expect(ofSeed(2)).toEqual(all);
});

test('an answer for an earlier plan does not end a place of the next one', () => {
  const each = createEachCall(1, 2);
  const first = each.jobs.next().value;
  for (const place of ['before-call', 'after-call', 'in-request'] as const)
    for (const n of [1, 2, 3]) each.heard({ seed: 1, kill: { place, n } }, false);
  expect(each.jobs.next().value).toMatchObject({ seed: 2, kill: { place: 'before-call', n: 1 } });
  each.heard(first, false);
  each.jobs.next();
  each.jobs.next();
  expect(each.jobs.next().value).toMatchObject({ kill: { place: 'before-call', n: 2 } });
});

test('a kill is the only fault of functions and calls in its plan, and items, receivers and names have theirs', () => {
  const plan = planOf({ seed: 5 }, false);
  const killed = planOf({ seed: 5, kill: { place: 'after-call', n: 17 } }, false);
  expect(killed).toMatchObject({
    subscriptions: plan.subscriptions,
    messages: plan.messages,
    calls: [{ kind: 'kill-after', operation: 'any', from: 17, times: 1, pollers: false }],
  });
  expect(planOf({ seed: 5, kill: { place: 'in-request', n: 1 } }, false).calls).toEqual([]);
  const seeds = Array.from({ length: 200 }, (_, seed) => seed);
  const events = seeds.flatMap((seed) => planOf({ seed, kill: { place: 'in-request', n: 1 } }, false).events);
  expect([...new Set(events.map((event) => event.do))].sort()).toEqual([
    'break',
    'change',
    'delete',
    'endpoint-absent',
    'endpoint-there',
    'names-absent',
    'names-slow',
    'names-there',
    'pause',
    'put-again',
    'receiver-down',
    'receiver-up',
    'resume',
    'secret-absent',
    'secret-there',
    'sweep',
  ]);
});

test('no redrive of a plan with a kill has a fault: the run would seem to have killed a function at every place', () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);
  const redrives = (kill: { place: 'in-request'; n: number } | undefined) =>
    new Set(seeds.map((seed) => planOf({ seed, ...(kill && { kill }) }, false).redrive));
  expect(redrives(undefined).size).toBeGreaterThan(2);
  expect([...redrives({ place: 'in-request', n: 1 })].filter(Boolean)).toEqual(['nothing']);
});
