// Gives a plan what some of its faults need to be met: an item with a name for an absent name, dead letters for an absent
// endpoint, a backlog for faults of its entries.
import { type Answer, type Plan, type PlannedSubscription, type Settings, UNAVAILABLE } from './plan.ts';
import type { Draw } from './random-draw.ts';

/** `isCalm`: the plan has one kind of fault alone. In a mixed plan, other faults are the occasion of most faults. */
export function withOccasions(draw: Draw, plan: Plan, { isCalm = false } = {}): Plan {
  const { calls, events, redrive } = plan;
  const hasEvent = (...kinds: readonly string[]) => events.some((event) => kinds.includes(event.do));
  const isCalled = (...operations: readonly string[]) =>
    calls.some(({ operation }) => operations.includes(operation));
  const isSentTo = (name: string) => calls.some(({ queue }) => queue === name);
  let next = plan;
  if (hasEvent('names-absent', 'names-slow')) next = withUser(draw, next, { named: true });
  if (hasEvent('secret-absent') || isCalled('GetSecretValue')) next = withUser(draw, next, { secret: true });
  if (hasEvent('endpoint-absent')) next = withLetters(draw, next);
  if (!isCalm) return next;
  const isBridgeOld = events.some((event) => event.do === 'age' && event.function === 'bridge');
  if (redrive !== undefined || isBridgeOld || isSentTo('dead-letters')) next = withLetters(draw, next);
  if (plan.subscriptions.some(({ settings }) => settings.dlq === 'broken' || settings.dlq === 'topic'))
    next = withRejections(draw, next, ({ dlq }) => dlq === 'broken' || dlq === 'topic');
  if (isSentTo('retries') || plan.subscriptions.some(({ settings }) => waitsFar(settings)))
    next = withFailures(next);
  if (hasEvent('kill', 'freeze', 'out-of-memory', 'jump', 'redeploy', 'receiver-down', 'age'))
    next = withLongRequests(next);
  if (isCalled(...OF_BACKLOGS)) next = withUser(draw, next, { rateLimit: RATE });
  if (calls.some(({ kind }) => kind === 'received-twice' || kind === 'undeleted'))
    next = withStandardQueue(draw, next);
  return next;
}

/** Operations of the state table that a subscription without a backlog seldom needs. */
const OF_BACKLOGS = [
  'BatchWriteItem',
  'Query',
  'UpdateItem',
  'PutItem',
  'DeleteItem',
  'GetItem',
  'ChangeMessageVisibilityBatch',
];

/** Most messages have to wait for it. */
const RATE = { requests: 2, perSeconds: 60 } as const;

const isKept = ({ settings }: PlannedSubscription): boolean => settings.qos !== 'none';

/** The plan with these settings in an item that gets messages, also in its changes, if no item has them. */
function withUser(draw: Draw, plan: Plan, settings: Partial<Settings>): Plan {
  const has = (one: Settings) =>
    Object.entries(settings).every(([field, value]) =>
      Object.entries(one).some(([name, is]) => name === field && is === value),
    );
  const used = plan.subscriptions.filter(({ id }) =>
    plan.messages.some((one) => one.subscriptions.includes(id)),
  );
  if (used.some((one) => has(one.settings))) return plan;
  const { id } = draw.pick(used.some(isKept) ? used.filter(isKept) : used);
  return {
    ...plan,
    subscriptions: plan.subscriptions.map((one) =>
      one.id === id ? { ...one, settings: { ...one.settings, ...settings } } : one,
    ),
    events: plan.events.map((event) =>
      event.do === 'change' && event.subscription === id
        ? { ...event, settings: { ...event.settings, ...settings } }
        : event,
    ),
  };
}

const withLetters = (draw: Draw, plan: Plan): Plan =>
  withRejections(draw, withUser(draw, plan, { dlq: 'letters' }), ({ dlq }) => dlq === 'letters');

/** The first requests of these subscriptions are rejected, if none of their requests is. */
function withRejections(draw: Draw, plan: Plan, isOne: (settings: Settings) => boolean): Plan {
  const rejections = Array.from({ length: draw.whole(2, 4) }, (): Answer => {
    return { kind: 'status', status: draw.pick([400, 404, 410, 422]), afterMs: 0 };
  });
  const isRejection = (answer: Answer) =>
    answer.kind === 'status' && answer.status >= 400 && answer.status < 500 && answer.status !== 429;
  const chosen = plan.subscriptions.filter(({ settings }) => isOne(settings));
  if (chosen.some(({ answers }) => answers.some(isRejection))) return plan;
  return {
    ...plan,
    subscriptions: plan.subscriptions.map((one) =>
      chosen.includes(one) ? { ...one, answers: [...rejections, ...one.answers] } : one,
    ),
  };
}

const waitsFar = ({ qos, retry }: Settings): boolean =>
  qos === 'auto' && Number(retry?.initialDelaySeconds) >= 60;

/** The first requests of subscriptions whose retries wait in `retries` fail. */
const withFailures = (plan: Plan): Plan => ({
  ...plan,
  subscriptions: plan.subscriptions.map((one) =>
    waitsFar(one.settings) ? { ...one, answers: [UNAVAILABLE, UNAVAILABLE, ...one.answers] } : one,
  ),
});

/** Less than what counts as slow, and so long that an invocation runs at most times. */
const LONG_MS = 350;
const LONG_REQUESTS = 8;

const withLongRequests = (plan: Plan): Plan => ({
  ...plan,
  subscriptions: plan.subscriptions.map((one) => ({
    ...one,
    answers: Array.from({ length: LONG_REQUESTS }, () => ({ kind: 'status', status: 200, afterMs: LONG_MS })),
  })),
});

/** The messages of one subscription, or topic, come by the standard queue. */
function withStandardQueue(draw: Draw, plan: Plan): Plan {
  const to = JSON.stringify(draw.pick(plan.messages).to);
  return {
    ...plan,
    messages: plan.messages.map((one) => (JSON.stringify(one.to) === to ? { ...one, ordered: false } : one)),
  };
}
