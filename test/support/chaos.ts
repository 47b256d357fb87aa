// A random run, made from one seed: subscriptions, publishers, subscribers with changing answers, operators, and faults of
// every kind. At the end faults stop, callbacks answer, and paused subscriptions are resumed.
import { createRandom, type Random } from './agenda.ts';
import type { Fate } from './lambda.ts';
import type { Answer } from './ledger.ts';
import { createWorld, type Options, URLS, type World } from './world.ts';

export type Subject = {
  readonly id: string;
  readonly published: string[];
  /** The publisher's group of each message. */
  readonly groups: Map<string, string>;
  /** Its messages have several groups, and its item may say `order: "key"`. */
  readonly keyed: boolean;
  /** The item as it was first put, and as it was put last; undefined when deleted. */
  readonly first: Options;
  last: Options | undefined;
  /** Whether the item was ever put with another QoS or lane count, or deleted. */
  changed: boolean;
  deleted: boolean;
  readonly qosSeen: Set<string>;
};

export type Story = {
  readonly world: World;
  readonly subjects: readonly Subject[];
  /** The highest number of tokens of one lane that were on the queues at the same time. */
  readonly mostTokens: () => number;
  readonly calmIn: () => number | undefined;
};

type Mood = (random: Random) => Answer;
const ok: Mood = (random) => ({ status: 200, afterMs: 5 + random() * 100 });
const MOODS: readonly Mood[] = [
  ok,
  ok,
  ok,
  () => ({ status: 503 }),
  (random) => (random() < 0.5 ? { status: 200 } : { status: 500, afterMs: random() * 3_000 }),
  () => ({ status: 400 }),
  (random) => ({ status: random() < 0.1 ? 410 : 200 }),
  () => ({ unsent: true, afterMs: 20 }),
  () => ({ reset: true, afterMs: 200 }),
  () => ({ status: 200, afterMs: 15_000 }),
  (random) => ({ status: 200, afterMs: 2_000 + random() * 4_000 }),
  (random) => ({ status: random() < 0.9 ? 200 : 503, afterMs: 6_000 + random() * 5_000 }),
  (random) => (random() < 0.3 ? { status: 429, retryAfter: '30' } : { status: 200 }),
  (random) => (random() < 0.05 ? { kill: true } : { status: 200, afterMs: 20 }),
];
const QOS = ['at-least-once', 'at-least-once', 'at-most-once', 'at-most-once', 'auto', 'none'] as const;

const BATCH_FORMATS = ['json-array', 'cloudevents-batch', 'ndjson'] as const;

const RATES = [
  [1, 60],
  [1, 10],
  [1, 3],
  [2, 1],
  [10, 1],
  [100, 1],
] as const;

const CHAOS_MS = 12 * 60_000;
const CALM_MS = 60_000;
const GIVE_UP_MS = 12 * 3600_000;

export async function runStory(seed: number): Promise<Story> {
  // Few slots, so that slow lanes wait for them.
  const slots = String(1 + (seed % 3));
  const world = createWorld({ seed, environment: { LAG_SECONDS: '5', SLOW_DRAIN_BUDGET: slots } });
  const { random, script } = world;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const some = (most: number): number => Math.floor(random() * (most + 1));
  let calm = false;
  /** Until then, epoch milliseconds, every invocation of `deliver` is killed. */
  let deliverDiesUntil = 0;
  const moods = new Map<string, Mood>();
  const poison = new Set<string>();
  let mostTokens = 0;

  // Batches have random numbers of their own, so that the other choices of a seed stay the same.
  const ofBatches = createRandom(seed + 1_000_000);
  function batchOf(): Options {
    if (ofBatches() < 0.5) return {};
    const format = BATCH_FORMATS[Math.floor(ofBatches() * BATCH_FORMATS.length)] ?? 'ndjson';
    const maxMessages = ofBatches() < 0.2 ? 100 : 2 + Math.floor(ofBatches() * 14);
    return { batch: { format, maxMessages, ...(ofBatches() < 0.3 && { maxBytes: 100 }) } };
  }

  // In every second run some subscriptions keep the order by key, and change their lanes. These choices have their own
  // random numbers, too.
  const keys = createRandom(seed * 31 + 7);
  const ordering = (options: Options, from = keys): Options => {
    if (seed % 2 === 1 || !options.qos?.startsWith('at-')) return options;
    const { order: _, ...rest } = options;
    return { ...rest, lanes: 1 + Math.floor(from() * 8), ...(from() < 0.7 && { order: 'key' }) };
  };
  // In every third run some subscriptions have a rate. These choices have their own random numbers, too.
  const rates = createRandom(seed * 13 + 5);
  const rateOf = (): Options => {
    if (seed % 3 !== 2 || rates() < 0.3) return {};
    const [requests, perSeconds] = RATES[Math.floor(rates() * RATES.length)] ?? [1, 1];
    return { rateLimit: { requests, perSeconds } };
  };
  const optionsOf = (): Options => ({ ...ordering(plainOptions()), ...rateOf() });
  const plainOptions = (): Options => ({
    ...batchOf(),
    qos: pick(QOS),
    lanes: 1 + some(9),
    ...(random() < 0.35 && { dlq: 'letters' }),
    ...retryOf(),
    ...(random() < 0.05 && { onOutage: 'stop' as const }),
  });
  function retryOf(): Options {
    if (random() < 0.6) return {};
    if (random() < 0.2) return { retry: { kind: 'none' } };
    const retryStrategy = pick(['LINEAR', 'EXPONENTIAL'] as const);
    const delays = { initialDelaySeconds: 1 + some(40), maxDelaySeconds: 100, maxAttempts: 1 + some(3) };
    const more = { retryStrategy, jitter: random() < 0.5, statuses: random() < 0.5 ? [429 as const] : [] };
    return { retry: { kind: 'block', block: { retryOption: 'Retry On Fail', ...delays, ...more } } };
  }

  const subjects: Subject[] = Array.from({ length: 1 + some(2) }, (_, index) => {
    const first = optionsOf();
    const qosSeen = new Set([first.qos ?? '']);
    const keyed = seed % 2 === 0 && keys() < 0.8;
    return {
      id: `s${index}`,
      published: [],
      groups: new Map(),
      keyed,
      first,
      last: first,
      changed: false,
      deleted: false,
      qosSeen,
    };
  });
  for (const { id, first } of subjects) {
    world.put(id, first);
    if (random() < 0.5) moods.set(id, pick(MOODS));
  }

  // Each fault has its own probability in a run; many runs have few faults.
  const weight = (most: number): number => (random() < 0.5 ? 0 : random() * most);
  const weights = { kill: weight(0.06), fail: weight(0.08), lose: weight(0.06), repeat: weight(0.05) };
  const deleteFails = weight(0.1);
  const entryFails = weight(0.03);
  const leaves = weight(0.05);
  script.fate = (call): Fate => {
    if (calm) return undefined;
    if (call.function === 'deliver' && world.now() < deliverDiesUntil) return 'kill-before';
    const at = random();
    let sum = 0;
    sum += weights.kill;
    if (at < sum) return random() < 0.5 ? 'kill-before' : 'kill-after';
    sum += weights.fail;
    if (at < sum) return 'fail';
    sum += weights.lose;
    if (at < sum) return 'lose';
    return at < sum + weights.repeat ? 'repeat' : undefined;
  };
  script.deleteFails = () => !calm && random() < deleteFails;
  world.memory.faults.entry = () => (!calm && random() < entryFails ? 'InternalError' : undefined);
  world.tables.faults.leave = () => !calm && random() < leaves;
  script.answer = ({ subscription, messageId }) => {
    if (calm) return { status: 200, afterMs: 10 };
    if (poison.has(messageId)) return { kill: true };
    return (moods.get(subscription) ?? ok)(random);
  };

  function noteNext(subject: Subject, from: Random): { readonly next: string; readonly group: string } {
    const next = `${subject.id}-${String(subject.published.length).padStart(3, '0')}`;
    subject.published.push(next);
    const group = subject.keyed ? `${subject.id}-${Math.floor(from() * 5)}` : subject.id;
    subject.groups.set(next, group);
    return { next, group };
  }

  // Publishers.
  for (const subject of subjects) {
    const many = 5 + some(random() < 0.3 ? 80 : 20);
    const bursts = random() < 0.5 ? 3 + some(20) : undefined;
    for (let index = 0; index < many; index++) {
      const id = `${subject.id}-${String(index).padStart(3, '0')}`;
      const at = bursts ? Math.floor(index / bursts) * 20_000 * random() : random() * CHAOS_MS * 0.8;
      world.agenda.in(at, () => {
        const { next, group } = noteNext(subject, keys);
        // In every third run one message in thirty does not fit into one item of the state table.
        const isLong = seed % 3 === 0 && subject.published.length % 30 === 7;
        // A message with a line break does not fit into a batch of NDJSON, so it is sent alone.
        const isAlone = subject.published.length % 5 === 2;
        const more = isLong ? ' '.repeat(300_000) : isAlone ? '\n' : '';
        world.publish(subject.id, next, group, JSON.stringify(next) + more);
      });
      if (random() < 0.02) poison.add(id);
    }
  }

  // In every fifth run publishers send messages again under their ids, when SQS no longer knows the first ones. These choices
  // have their own random numbers, too.
  const again = createRandom(seed * 17 + 3);
  for (let left = seed % 5 === 0 ? 12 : 0; left > 0; left--) {
    world.agenda.in(again() * CHAOS_MS, () => {
      const subject = subjects[Math.floor(again() * subjects.length)];
      const id = subject?.published[Math.floor(again() * subject.published.length)];
      if (subject === undefined || id === undefined) return;
      world.publish(subject.id, id, subject.groups.get(id), JSON.stringify(id));
    });
  }

  // Faults during the run.
  const events: readonly (() => void)[] = [
    ...Array.from({ length: 6 }, () => () => {
      moods.set(pick(subjects).id, pick(MOODS));
    }),
    () => moods.clear(),
    () => {
      const [token] = world.tokens(URLS.deliveries, 'stored').filter(({ receives }) => receives === 0);
      if (token) world.memory.lose(URLS.deliveries, token.id);
    },
    () => {
      const [token] = world.tokens(URLS.retries, 'stored').filter(({ receives }) => receives === 0);
      if (token) world.memory.lose(URLS.retries, token.id);
    },
    () => {
      const tokens = world.tokens(URLS.deliveries).filter(({ command }) => command === undefined);
      if (tokens.length > 0) world.resend(pick(tokens));
    },
    () =>
      change((subject) => {
        // The item is corrected, or put again without a relevant change.
        world.put(subject.id, { ...subject.last, ...retryOf() });
      }),
    () =>
      change((subject) => {
        world.put(subject.id, { ...subject.last, broken: true });
      }),
    () =>
      change((subject) => {
        subject.last = optionsOf();
        subject.changed = true;
        subject.qosSeen.add(subject.last.qos ?? '');
        world.put(subject.id, subject.last);
      }),
    () =>
      change((subject) => {
        if (random() < 0.5) return;
        subject.deleted = true;
        world.remove(subject.id);
        if (random() < 0.2) subject.last = undefined;
        else world.agenda.in(some(120_000), () => subject.last && world.put(subject.id, subject.last));
      }),
    () => ask('resume'),
    () => ask('resume'),
    () => ask('pause'),
    () => (random() < 0.3 ? ask('skip-head') : undefined),
    () => (random() < 0.3 ? ask('dead-letter-head') : undefined),
    () => askHeld('send-held'),
    () => askHeld('discard-held'),
  ];
  function change(act: (subject: Subject) => void): void {
    const subject = pick(subjects);
    if (subject.last !== undefined) act(subject);
  }
  function ask(action: 'resume' | 'pause' | 'skip-head' | 'dead-letter-head'): void {
    void world.ask({ subscription: pick(subjects).id, action });
  }
  function askHeld(action: 'send-held' | 'discard-held'): void {
    const { id } = pick(subjects);
    const held = world.held(id);
    if (held.length > 0) void world.ask({ subscription: id, action, messageId: String(pick(held).sk) });
  }
  // Another order or another number of lanes, under a quality of service that keeps order.
  for (let left = seed % 2 === 0 ? Math.floor(keys() * 5) : 0; left > 0; left--) {
    world.agenda.in(keys() * CHAOS_MS, () => {
      const subject = subjects[Math.floor(keys() * subjects.length)];
      if (subject?.last === undefined) return;
      subject.last = ordering(subject.last);
      world.put(subject.id, subject.last);
    });
  }
  // In every fifth run lanes change while `deliver` dies, and change back: it never sees the items in between. Again with
  // random numbers of their own.
  const backs = createRandom(seed * 53 + 11);
  const takesBack = seed % 10 === 0 || seed % 10 === 2;
  for (let left = takesBack ? 2 + Math.floor(backs() * 5) : 0; left > 0; left--) {
    world.agenda.in(backs() * CHAOS_MS * 0.9, () => {
      const subject = subjects[Math.floor(backs() * subjects.length)];
      if (subject?.last === undefined || !subject.last.qos?.startsWith('at-')) return;
      const { last } = subject;
      const others = [ordering(last, backs), { ...last, lanes: 99 }, { ...last, order: 'keys' as const }];
      world.put(subject.id, others[Math.floor(backs() * others.length)]);
      // Mostly longer than route knows the item before.
      const after = backs() < 0.7 ? 5_500 : backs() * 5_000;
      world.agenda.in(after, () => {
        deliverDiesUntil = world.now() + backs() * 8_000;
        for (let more = Math.floor(backs() * 8); more > 0; more--)
          world.agenda.in(backs() * 3_000, () => {
            const { next, group } = noteNext(subject, backs);
            world.publish(subject.id, next, group, JSON.stringify(next));
          });
      });
      world.agenda.in(after + 3_000 + backs() * 3_000, () => {
        if (subject.last) world.put(subject.id, subject.last);
      });
    });
  }
  for (let left = some(50); left > 0; left--) world.agenda.in(random() * CHAOS_MS, () => pick(events)());

  const watch = (): void => {
    const lanes = new Map<string, number>();
    for (const url of [URLS.deliveries, URLS.retries]) {
      for (const { subscription, lane, command } of world.tokens(url, 'stored')) {
        if (command !== undefined) continue;
        const key = `${subscription}#${lane}`;
        lanes.set(key, (lanes.get(key) ?? 0) + 1);
      }
    }
    mostTokens = Math.max(mostTokens, ...lanes.values());
  };

  // In every seventh run the endpoint is deleted and put again, too. It uses its own random numbers, so that the other runs
  // stay the same.
  const unsteady = seed % 7 === 0 ? createRandom(-seed) : () => 1;
  world.sweepEveryMinute();
  for (let at = 0; at < CHAOS_MS; at += 5_000) {
    await world.pass(5_000);
    if (unsteady() < 0.05) world.removeEndpoint('letters');
    if (unsteady() < 0.05) world.putEndpoint('letters', { type: 'pigeon' });
    if (unsteady() < 0.1) world.putEndpoint('letters');
    watch();
  }

  // The end: no more faults.
  calm = true;
  const since = world.now();
  world.putEndpoint('letters');
  for (const subject of subjects) {
    if (subject.last) world.put(subject.id, subject.last);
  }
  const isCalm = (): boolean =>
    world.left() === 0 &&
    [...world.mappings.values()].every(({ running }) => running() === 0) &&
    world.tables.items('state').every(({ pk, sk, pause, lanes }) => {
      if (String(pk).startsWith('lane#')) return false;
      return sk !== 'state' || (pause === undefined && Object.keys(lanes ?? {}).length === 0);
    });
  while (!isCalm() && world.now() - since < GIVE_UP_MS) {
    for (const { id } of subjects) {
      const state = await world.state(id);
      if (state.pause) void world.ask({ subscription: id, action: 'resume' });
    }
    for (let at = 0; at < 5; at++) {
      await world.pass(CALM_MS);
      watch();
    }
  }
  return {
    world,
    subjects,
    mostTokens: () => mostTokens,
    calmIn: () => (isCalm() ? world.now() - since : undefined),
  };
}
