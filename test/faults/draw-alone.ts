// Draws plans that have one kind of fault alone, so that no other fault hides what it does. Such a plan is a mixed one in which
// everything else is calm, and which has what the fault needs to be met.
import { withOccasions } from './draw-occasions.ts';
import { type Kind, kindsOf } from './kinds.ts';
import { type Answer, byTime, CONTENTS, type Event, GOOD, type Plan, type Settings } from './plan.ts';
import { drawOf } from './random-draw.ts';

/** Every fourth seed, so that a thousand seeds have each kind alone three times. */
const EVERY = 4;
/** Between the seeds whose mixed plans are tried one after the other. */
const APART = 1_000_003;
const MOST_TRIES = 20_000;

/** The kind that a seed has alone; undefined: its plan is a mixed one. */
export function aloneIn(seed: number, kinds: readonly Kind[]): Kind | undefined {
  return seed % EVERY === 0 ? kinds[(seed / EVERY) % kinds.length] : undefined;
}

/** Whether the kind is in the plan, and no other one but those that it brings with it. */
export function isAlone({ name, brings = [], isIn }: Kind, plan: Plan): boolean {
  if (!isIn(plan)) return false;
  const found = kindsOf(true).filter((one) => one.isIn(plan));
  return found.every((one) => one.name === name || brings.includes(one.name));
}

/** `mixed`: draws a mixed plan from another seed, with the ids of this one. */
export function drawAlone(seed: number, kind: Kind, mixed: (from: number) => Plan): Plan {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const drawn = mixed(seed + tries * APART);
    const plan = kind.isIn(drawn) ? reduced(drawn, kind) : undefined;
    if (plan === undefined) continue;
    const whole = withOccasions(drawOf(seed, 'occasions'), plan, { isCalm: true });
    if (isAlone(kind, whole)) return whole;
  }
  throw new Error(`no plan has this kind of fault alone: ${kind.name}`);
}

/** A part of a plan, put into another one. */
type Part = (calm: Plan) => Plan;

/** The plan with those of its parts that are of this kind alone. Undefined: none is. */
function reduced(plan: Plan, kind: Kind): Plan | undefined {
  const { awsIdleMs: _, redrive: __, ...rest } = plan;
  const calm: Plan = {
    ...rest,
    calls: [],
    events: [],
    messages: plan.messages.map(({ content: _, ...one }) => one),
    subscriptions: plan.subscriptions.map(({ idleMs: _, answers, ...one }) => ({
      ...one,
      answers: answers.map(() => GOOD),
    })),
  };
  // It is in the items or messages.
  if (kind.isIn(calm)) return calm;
  const parts = partsOf(plan).filter((part) => isAlone(kind, part(calm)));
  if (parts.length === 0) return undefined;
  const all = parts.reduce((plan, part) => part(plan), calm);
  return {
    ...all,
    subscriptions: all.subscriptions.map((one) => ({ ...one, answers: fromFirstFault(one.answers) })),
  };
}

/** A subscription may get few messages, so its first request meets a fault. */
function fromFirstFault(answers: readonly Answer[]): readonly Answer[] {
  const first = answers.findIndex((one) => one !== GOOD);
  return first === -1 ? [] : answers.slice(first);
}

function partsOf({ subscriptions, messages, calls, events, redrive, awsIdleMs }: Plan): Part[] {
  const withIdleAws: Part = (calm) => (awsIdleMs === undefined ? calm : { ...calm, awsIdleMs });
  const withIdle: Part = (calm) => ({
    ...calm,
    subscriptions: calm.subscriptions.map((one, index) => {
      const idleMs = subscriptions[index]?.idleMs;
      return idleMs === undefined ? one : { ...one, idleMs };
    }),
  });
  const answers = subscriptions.flatMap(({ answers }, subscription) =>
    answers.map((answer, place) => withAnswer(answer, subscription, place)),
  );
  return [
    withIdle,
    withIdleAws,
    ...answers,
    // There are fewer calls when all is calm.
    ...calls.map(
      (call): Part =>
        (calm) => ({ ...calm, calls: [...calm.calls, { ...call, from: earlier(call.from) }] }),
    ),
    ...events
      .flatMap((event, place) =>
        groupsOf(event, { before: events.slice(0, place), after: events.slice(place + 1), subscriptions }),
      )
      .map(
        (group): Part =>
          (calm) => {
            const more = { ...calm, events: [...calm.events, ...group.flatMap(likely)].sort(byTime) };
            return group.some((one) => one.do === 'freeze') ? withIdleAws(withIdle(more)) : more;
          },
      ),
    ...(redrive === undefined ? [] : [(calm: Plan): Plan => ({ ...calm, redrive })]),
    ...CONTENTS.map((content) => withContent(content, messages)),
  ];
}

/** `messages`: those of the mixed plan, of which some have this content. */
function withContent(content: (typeof CONTENTS)[number], messages: Plan['messages']): Part {
  const contentOf = (index: number) => (messages[index]?.content === content ? { content } : {});
  return (calm) => ({
    ...calm,
    messages: calm.messages.map((one, index) => ({ ...one, ...contentOf(index) })),
  });
}

const EARLY = 3;
const earlier = (from: number): number => 1 + ((from - 1) % EARLY);

/** An event, or several, as they are mostly met: while messages come, or while `deliver` waits for an answer. */
function likely(event: Event): Event[] {
  switch (event.do) {
    case 'kill':
    case 'freeze':
      // A function that is cold starts late.
      return [0, 700, 1_400].map((later) => ({ ...event, function: 'deliver', atMs: event.atMs + later }));
    case 'secret-absent':
    case 'names-absent':
    case 'endpoint-absent':
      return [{ ...event, atMs: 0 }];
    case 'out-of-memory':
    case 'jump':
    case 'redeploy':
      return [event];
    default:
      return [{ ...event, atMs: Math.round(event.atMs / 2) }];
  }
}

function withAnswer(answer: Answer, subscription: number, place: number): Part {
  return (calm) => ({
    ...calm,
    subscriptions: calm.subscriptions.map((one, index) =>
      index === subscription ? { ...one, answers: one.answers.with(place, answer) } : one,
    ),
  });
}

/**
 * The event that belongs to another one: it ends what that one began, or it begins the function that is to become old. What is
 * absent or down is so until all faults end.
 */
const PARTNERS: Readonly<Partial<Record<Event['do'], Event['do']>>> = {
  delete: 'put-again',
  break: 'put-again',
  age: 'sweep',
};

type Around = Pick<Plan, 'subscriptions'> & {
  readonly before: readonly Event[];
  readonly after: readonly Event[];
};

/** An event with its partner, if it has one. A change of several fields is one event for each of them. */
function groupsOf(event: Event, { subscriptions, before, after }: Around): Event[][] {
  if (event.do !== 'change') {
    const partner = after.find(
      (one) => one.do === PARTNERS[event.do] && subscriptionOf(one) === subscriptionOf(event),
    );
    return [partner === undefined ? [event] : [event, partner]];
  }
  // Of two changes the second one is against the first, so it has further fields.
  if (before.some((one) => one.do === 'change' && one.subscription === event.subscription)) return [];
  const old = subscriptions.find(({ id }) => id === event.subscription)?.settings;
  if (old === undefined) return [];
  return FIELDS.filter((field) => JSON.stringify(old[field]) !== JSON.stringify(event.settings[field])).map(
    (field) => [{ ...event, settings: withField(old, event.settings, field) }],
  );
}

const subscriptionOf = (event: Event): string | undefined =>
  'subscription' in event ? event.subscription : undefined;

const FIELDS = ['qos', 'byKey', 'lanes', 'batch', 'dlq', 'retry', 'tenant', 'rateLimit', 'secret'] as const;

function withField(old: Settings, { ...other }: Settings, field: (typeof FIELDS)[number]): Settings {
  const { [field]: _, ...rest } = old;
  const changed = { ...rest, ...(field in other && { [field]: other[field] }) } as Settings;
  // An order by key needs a guaranteed quality of service.
  return { ...changed, byKey: changed.byKey && changed.qos.startsWith('at-') };
}
