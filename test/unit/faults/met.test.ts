// What of a plan counts as met.
import { expect, test } from 'vitest';
import { kindsOf } from '#test/faults/kinds.ts';
import { metPart, type Observed } from '#test/faults/met.ts';
import type { CallFault, Event, Plan, Settings } from '#test/faults/plan.ts';
import { PLAIN } from '#test/faults/plan-of-one.ts';

const call: CallFault = { kind: 'error', operation: 'PutItem', from: 1, times: 1, pollers: false };
const hang = { kind: 'hang', afterMs: 0 } as const;

function planWith(more: Partial<Plan> = {}, item: Partial<Settings> = {}): Plan {
  const subscription = {
    id: 's',
    byTopic: false,
    settings: { ...PLAIN, ...item },
    answers: [hang],
    idleMs: 20,
  };
  return {
    seed: 1,
    fifoDeletedAgain: 'success',
    fifoLateDelete: 'success',
    subscriptions: [subscription],
    messages: [],
    calls: [call],
    events: [],
    awsIdleMs: 20,
    redrive: 'nothing',
    ...more,
  };
}

const nothing: Observed = {
  events: [],
  calls: [],
  asked: [],
  calmAt: 1_000,
  awsIdled: false,
  answers: new Map(),
  idled: new Set(),
  received: [],
  names: new Set(),
  lines: [],
  redrivenLetters: 0,
  processFaults: [],
};

function met(observed: Partial<Observed>, plan = planWith()): string[] {
  const part = metPart(plan, { ...nothing, ...observed });
  // Without a message, all messages are without an order, and come at once.
  return kindsOf(true).flatMap(({ name, isIn }) =>
    isIn(part) && name !== 'all at once' && name !== 'without an order' ? [name] : [],
  );
}

test('a plan of which nothing was observed is not met', () => {
  expect(met({})).toEqual([]);
});

test('answers, calls, idle connections and letters are met when they were observed', () => {
  expect(met({ answers: new Map([['s', [hang]]]) })).toEqual(['hanging']);
  expect(met({ calls: [call] }, planWith({ redrive: 'partly' }))).toEqual(['DynamoDB call fails']);
  expect(met({ idled: new Set(['s']) })).toEqual(['idle connections closed']);
  expect(met({ awsIdled: true })).toEqual(['idle connections to AWS closed']);
  expect(met({ redrivenLetters: 2 })).toEqual(['redriven']);
});

test('a fault of a redrive is met when a call of the redrive had it', () => {
  const plan = planWith({ redrive: 'partly' });
  expect(met({ redrivenLetters: 2 }, plan)).toEqual([]);
  expect(met({ redrivenLetters: 2, calls: [{ ...call }] }, plan)).toEqual(['redriven with a fault']);
});

/** The kinds that this event has met, 100 ms after the begin. */
const metBy = (event: Event, more: Partial<Observed> = {}, running: readonly string[] = []) =>
  met({ events: [{ event, at: 100, running }], ...more });

test('a fault of a process is met when it found an invocation', () => {
  const kill = { do: 'kill', function: 'route', atMs: 0 } as const;
  expect(metBy(kill, {}, ['webhooks-local-route'])).toEqual([]);
  expect(metBy(kill, { processFaults: [kill] })).toEqual(['killed at a random time']);
  const age = { do: 'age', function: 'bridge', toMs: 50_000, atMs: 0 } as const;
  expect(metBy(age, {}, ['webhooks-local-bridge'])).toEqual([]);
  expect(metBy(age, { processFaults: [age] })).toEqual(['short of time']);
});

test('a redrive with a fault of its function is met when it found the redrive', () => {
  const plan = planWith({ redrive: { afterMs: 500 } });
  const kill = { do: 'kill', function: 'redrive', afterMs: 500 } as const;
  expect(met({ redrivenLetters: 2, processFaults: [{ ...kill, function: 'deliver' }] }, plan)).toEqual([]);
  expect(met({ redrivenLetters: 2, processFaults: [kill] }, plan)).toEqual(['redriven with a fault']);
});

test('a short freeze that was met does not count for a long one of the same function', () => {
  const short = { do: 'freeze', function: 'deliver', forMs: 60, atMs: 0 } as const;
  const long = { ...short, forMs: 400 };
  const events = [short, long].map((event) => ({ event, at: 100, running: [] }));
  const idle = ['idle connections to AWS closed'];
  expect(met({ events, awsIdled: true, processFaults: [short] })).toEqual(idle);
  expect(met({ events, awsIdled: true, processFaults: [long] })).toEqual([
    'frozen beyond idle timeouts',
    ...idle,
  ]);
});

test('a process without memory is met by what V8 wrote when it ended it', () => {
  const event = { do: 'out-of-memory', function: 'deliver', atMs: 0 } as const;
  expect(metBy(event, {}, ['webhooks-local-deliver'])).toEqual([]);
  const lines = [
    'webhooks-local-deliver: FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
  ];
  expect(metBy(event, { lines })).toEqual(['out of memory']);
});

test('a jump ends the time of an invocation that was running', () => {
  const jump = { do: 'jump', ms: 90_000, atMs: 0 } as const;
  expect(metBy(jump)).toEqual(['clock that jumps forwards']);
  expect(metBy(jump, {}, ['route'])).toEqual(['out of time', 'clock that jumps forwards']);
});

test('a change of an item is met by a later request of its subscription', () => {
  const change: Event = { do: 'change', subscription: 's', settings: { ...PLAIN, lanes: 3 }, atMs: 0 };
  expect(metBy(change, { received: [{ subscription: 's', at: 99 }] })).toEqual([]);
  expect(metBy(change, { received: [{ subscription: 'other', at: 200 }] })).toEqual([]);
  expect(metBy(change, { received: [{ subscription: 's', at: 200 }] })).toEqual([
    'item changed',
    'another cap',
  ]);
});

test('a broken item is met by the pause of its subscription', () => {
  const broken: Event = { do: 'break', subscription: 's', atMs: 0 };
  expect(metBy(broken, { received: [{ subscription: 's', at: 200 }] })).toEqual([]);
  const paused = (subscription: string, reason: string) => ({
    lines: [
      `deliver: {"message":"subscription.paused","subscription":"${subscription}","reason":"${reason}"}`,
    ],
  });
  expect(metBy(broken, paused('s', 'outage'))).toEqual([]);
  expect(metBy(broken, paused('other', 'invalid-config'))).toEqual([]);
  expect(metBy(broken, paused('s', 'invalid-config'))).toEqual(['item broken']);
});

test('an absence is met by a call while it lasts', () => {
  const absent: Event = { do: 'secret-absent', atMs: 0 };
  const asked = (at: number) => ({ asked: [{ operation: 'GetSecretValue', target: '', at }] });
  expect(metBy(absent, asked(99))).toEqual([]);
  expect(metBy(absent, asked(150))).toEqual(['secrets absent']);
  expect(metBy(absent, asked(1_001))).toEqual([]);
  const events = [
    { event: absent, at: 100, running: [] },
    { event: { do: 'secret-there', atMs: 0 } as const, at: 140, running: [] },
  ];
  expect(met({ events, ...asked(150) })).toEqual([]);
});

test('names are met by a question, and a receiver that is down by a refused connection', () => {
  const absent: Event = { do: 'names-absent', how: 'silent', atMs: 0 };
  expect(metBy(absent, { names: new Set(['failing']) })).toEqual([]);
  expect(metBy(absent, { names: new Set(['silent']) })).toEqual(['DNS silent']);
  const down: Event = { do: 'receiver-down', subscription: 's', atMs: 0 };
  expect(metBy(down)).toEqual([]);
  expect(metBy(down, { lines: ['deliver: {"subscription":"s","code":"connection-refused"}'] })).toEqual([
    'down',
  ]);
});

test('an endpoint without brokers, and far retries, are met by a message for them', () => {
  const broken = planWith({}, { dlq: 'broken' });
  const asked = (target: string) => ({ asked: [{ operation: 'GetItem', target, at: 1 }] });
  expect(met({}, broken)).toEqual([]);
  expect(met(asked('endpoint broken'), broken)).toEqual(['Kafka unreachable']);
  const far = planWith({}, { qos: 'auto', retry: { initialDelaySeconds: 60 } });
  expect(met({}, far)).toEqual([]);
  // The tokens of probes are sent to `retries` too.
  expect(met(asked('http://127.0.0.1/webhooks-local-retries'), far)).toEqual([]);
  const delayed = (subscription: string) => ({
    lines: [`deliver: {"message":"delivery.delayed","subscription":"${subscription}","messageId":"m1-00"}`],
  });
  expect(met(delayed('other'), far)).toEqual([]);
  expect(met(delayed('s'), far)).toEqual(['retries of a minute and more']);
});
