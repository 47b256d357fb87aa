import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Clock, createManualClock } from '#lib/local/aws/clock.ts';
import { type Schedule, schedulesOf, startSchedules } from '#lib/local/schedules.ts';
import { parseTemplate } from '#lib/local/template.ts';
import { startTestFunctions } from '#test/support/handlers.ts';
import { startSet } from '#test/support/set.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const names = { region: 'us-east-1', accountId: '000000000000', resources: new Map() };
const target = { Arn: { 'Fn::GetAtt': ['WorkLambdaFunction', 'Arn'] }, Id: 'workSchedule' };

/** A template as `serverless package` writes it for a function `work` with one schedule. */
function templateWith(rule: object, firstTarget: object = {}) {
  return parseTemplate({
    Resources: {
      WorkLambdaFunction: {
        Type: 'AWS::Lambda::Function',
        Properties: { FunctionName: 'test-work', Handler: 'work/index.handler' },
      },
      WorkEventsRuleSchedule1: {
        Type: 'AWS::Events::Rule',
        Properties: {
          ScheduleExpression: 'rate(1 minute)',
          State: 'ENABLED',
          Targets: [{ ...target, ...firstTarget }],
          ...rule,
        },
      },
      WorkLambdaPermissionEventsRuleSchedule1: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          FunctionName: target.Arn,
          Action: 'lambda:InvokeFunction',
          Principal: 'events.amazonaws.com',
          SourceArn: { 'Fn::GetAtt': ['WorkEventsRuleSchedule1', 'Arn'] },
        },
      },
    },
    Outputs: { Rule: { Value: { Ref: 'WorkEventsRuleSchedule1' } } },
  });
}

const read = (rule: object, firstTarget?: object): Schedule | undefined =>
  schedulesOf(templateWith(rule, firstTarget), names)[0];

const minutes = (n: number) => n * 60_000;

function start(handler: string, rule: object = {}, firstTarget: object = {}, another?: Clock) {
  const clock = createManualClock(Date.UTC(2026, 0, 1));
  const functions = startTestFunctions({
    work: `exports.handler = async (event, context) => { ${handler} }`,
  });
  closing.push(() => functions.close());
  const errors: string[] = [];
  const schedules = startSchedules(schedulesOf(templateWith(rule, firstTarget), names), {
    functions,
    ...names,
    onError: (text) => errors.push(text),
    clock: another ?? clock,
  });
  closing.push(() => schedules.stop(0));
  let runs = 0;
  functions.onInvocation(() => runs++);
  const ended = (count: number) => expect.poll(() => runs, { timeout: 10_000 }).toBe(count);
  /** When the events say that they were made. */
  const times = () => functions.lines.flatMap((line) => /"time":"(.*?)"/.exec(line)?.[1] ?? []);
  return { clock, functions, schedules, errors, ended, times };
}

/** Code for a function that waits until the test opens the gate. Make it before the functions, which end first. */
function gate() {
  const folder = mkdtempSync(join(tmpdir(), 'gate-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'open');
  const isOpen = `require('node:fs').existsSync(${JSON.stringify(file)})`;
  return {
    wait: `while (!${isOpen}) await new Promise((done) => setTimeout(done, 10));`,
    open: () => writeFileSync(file, ''),
  };
}

test('a rule of the template is a schedule of its function', () => {
  expect(read({})).toEqual({
    id: 'WorkEventsRuleSchedule1',
    ruleArn: 'arn:aws:events:us-east-1:000000000000:rule/local-WorkEventsRuleSchedule1',
    everyMs: 60_000,
    enabled: true,
    functionName: 'test-work',
  });
  expect(read({ Name: 'sweep', State: 'DISABLED' }, { Input: '{"a":[1]}' })).toMatchObject({
    ruleArn: 'arn:aws:events:us-east-1:000000000000:rule/sweep',
    enabled: false,
    input: { a: [1] },
  });
});

test.each([
  ['rate(1 minute)', minutes(1)],
  ['rate(15 minutes)', minutes(15)],
  ['rate(1 hour)', minutes(60)],
  ['rate(36 hours)', minutes(36 * 60)],
])('%s is a period', (ScheduleExpression, everyMs) => {
  expect(read({ ScheduleExpression })).toMatchObject({ everyMs });
});

test.each([
  'rate(1 minutes)',
  'rate(5 minute)',
  'rate(0 minutes)',
  'rate(30 seconds)',
  'rate(1 day)',
  'rate(1.5 hours)',
  'cron(0 12 * * ? *)',
  'every minute',
])('the schedule %s is an error that says what can run', (ScheduleExpression) => {
  expect(() => read({ ScheduleExpression })).toThrow(
    `WorkEventsRuleSchedule1: the schedule ${ScheduleExpression} can't run`,
  );
});

test.each([
  ['an event pattern', { EventPattern: { source: ['a'] } }, {}, 'EventPattern'],
  ['a bus', { EventBusName: 'orders' }, {}, 'EventBusName'],
  ['two targets', { Targets: [target, target] }, {}, 'Targets'],
  ['an input path', {}, { InputPath: '$.time' }, 'InputPath'],
  ['an input that is no JSON', {}, { Input: '{a}' }, 'Input is no JSON'],
  ['a target that is no function', {}, { Arn: 'arn:aws:sqs:us-east-1:000000000000:q' }, 'no function'],
  ['another state', { State: 'ASLEEP' }, {}, 'State'],
])('a rule with %s is an error that names it', (_, rule, firstTarget, text) => {
  expect(() => read(rule, firstTarget)).toThrow(new RegExp(`^WorkEventsRuleSchedule1: [^]*${text}`));
});

const log = 'console.log(JSON.stringify(event));';

test("the function gets EventBridge's scheduled event", async () => {
  const { clock, functions } = start(log);
  clock.advance(minutes(1));
  expect(JSON.parse(await functions.line('aws.events'))).toEqual({
    version: '0',
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: '2026-01-01T00:01:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:events:us-east-1:000000000000:rule/local-WorkEventsRuleSchedule1'],
    detail: {},
  });
});

test('the function is invoked once a period, first when one has passed', async () => {
  const { clock, ended, times } = start(log);
  for (const runs of [1, 2, 3]) {
    clock.advance(minutes(1) - 1);
    clock.advance(1);
    await ended(runs);
  }
  expect(times()).toEqual(['2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z', '2026-01-01T00:03:00Z']);
});

test('an Input takes the place of the scheduled event', async () => {
  const { clock, functions } = start(log, {}, { Input: '{"sweep":"all"}' });
  clock.advance(minutes(1));
  expect(await functions.line('sweep')).toBe('{"sweep":"all"}');
});

test('a run that takes longer than the period has no second one beside it; the next is at its time', async () => {
  const { wait, open } = gate();
  const { clock, functions, ended, times } = start(`${log}
    if (event.time.endsWith('00:01:00Z')) { ${wait} }`);
  clock.advance(minutes(1));
  await functions.line('00:01:00Z');
  clock.advance(minutes(1));
  clock.advance(minutes(1));
  // A second run would have been started before the marker: it would be running, or have ended too.
  await functions.invoke('work', { time: 'marker' });
  expect(functions.running()).toHaveLength(1);
  await ended(1);
  open();
  await ended(2);
  clock.advance(minutes(1));
  await ended(3);
  await functions.line('00:04:00Z');
  expect(times()).toEqual(['2026-01-01T00:01:00Z', 'marker', '2026-01-01T00:04:00Z']);
});

test('a timer that fires early is set again; runs missed during sleep become one run', async () => {
  let now = 0;
  let fire = () => {};
  const timers: number[] = [];
  const clock: Clock = {
    now: () => now,
    setTimer(ms, fn) {
      timers.push(ms);
      fire = fn;
      return () => {};
    },
  };
  const { ended, times } = start(log, {}, {}, clock);
  now = minutes(1) - 1;
  fire();
  now = minutes(11.5);
  fire();
  await ended(1);
  expect(times()).toEqual(['1970-01-01T00:11:30Z']);
  expect(timers).toEqual([minutes(1), 1, minutes(0.5)]);
});

test('a failed run is reported, and the next one takes place', async () => {
  const { clock, errors, ended } = start(`throw new RangeError('no luck')`);
  clock.advance(minutes(1));
  await expect
    .poll(() => errors, { timeout: 10_000 })
    .toEqual(['WorkEventsRuleSchedule1: test-work failed: RangeError: no luck']);
  clock.advance(minutes(1));
  await ended(2);
});

test('a test runs a schedule at once and gets what the function returned, or its failure', async () => {
  const { schedules, clock } = start('return { source: event.source, n: 1 }', { State: 'DISABLED' });
  expect(clock.pending()).toBe(0);
  expect(await schedules.run('test-work')).toEqual({ source: 'aws.events', n: 1 });
  expect(await schedules.run('work')).toEqual({ source: 'aws.events', n: 1 });
  await expect(schedules.run('play')).rejects.toThrow('play has 0 schedules, not one');
  const failing = start(`throw new Error('as told')`);
  await expect(failing.schedules.run('work')).rejects.toThrow('work failed: Error: as told');
});

test('runs that a test asks for come one after another', async () => {
  const { schedules, functions } = start('');
  const besideEach: number[] = [];
  functions.onInvocation(() => besideEach.push(functions.running().length));
  await Promise.all([1, 2, 3].map(() => schedules.run('work')));
  expect(besideEach).toEqual([0, 0, 0]);
});

test('stopping waits for the run under way, takes the timer back and begins no other', async () => {
  const { wait, open } = gate();
  const { schedules, clock, functions, errors } = start(`
    if (event.marker) return;
    console.log('begins');
    ${wait}
    console.log('ends')`);
  clock.advance(minutes(1));
  await functions.line('begins');
  let stopped = false;
  const stopping = schedules.stop().then(() => {
    stopped = true;
  });
  await functions.invoke('work', { marker: true });
  expect(stopped).toBe(false);
  open();
  await stopping;
  expect(functions.running()).toEqual([]);
  await functions.line('ends');
  expect(clock.pending()).toBe(0);
  await expect(schedules.run('work')).rejects.toThrow('has ended');
  expect(errors).toEqual([]);
});

test('stopping gives up on a run after the grace period', async () => {
  const { schedules, clock, functions, errors } = start(`
    console.log('hangs');
    await new Promise(() => setInterval(() => {}, 1000))`);
  clock.advance(minutes(1));
  await functions.line('hangs');
  await schedules.stop(10);
  expect(functions.running()).toHaveLength(1);
  await functions.kill();
  await functions.idle();
  expect(errors).toEqual([]);
});

test('a set may be started without its schedules; they are named by its handle', async () => {
  const set = await startSet({ schedules: false });
  closing.push(() => set.close(0));
  await expect(set.schedules.run('nothing')).rejects.toThrow('nothing has 0 schedules');
  expect(set.events.list()).toEqual([]);
  if (set.sqs !== undefined) expect(set.sqs.switches.fifoGivenBack).toBe('at-once');
});
