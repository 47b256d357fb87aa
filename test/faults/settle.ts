// The end of a run: the faults end, and time passes until all queues are empty, no lane is closed and nothing is paused.
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { attemptsIn } from './attempted.ts';
import { NO_SKEW } from './clock.ts';
import type { Deaths } from './interruptions.ts';
import type { Items } from './items.ts';
import { jumpSoundly } from './jump.ts';
import type { CarriedOut } from './met.ts';
import { createOverdue, dueOutages, outages } from './overdue.ts';
import type { Plan } from './plan.ts';
import type { Receivers } from './receiver.ts';
import type { Stage } from './stage.ts';
import { hasCause } from './stops.ts';

type Scene = {
  readonly stage: Stage;
  readonly receivers: Receivers;
  readonly items: Items;
  readonly events: readonly CarriedOut[];
  readonly deaths: Pick<Deaths, 'all'>;
  /** Gets what the end of the run resumes in the place of a person. */
  readonly resumed: Resumed[];
};

/** `at`: milliseconds of the run's clock. */
export type Resumed = { readonly subscription: string; readonly at: number };

/** Rounds of a sweep and a jump, after which what is left counts as stuck: many hours of the run's clock. */
const MOST_ROUNDS = 40;
/** Later rounds pass more time: a wait that grew during the faults may be a quarter of an hour. */
const LATE_ROUND = 14;
const QUIET_LOOKS = 3;
const LOOK_MS = 12;
const MOST_LOOKS = 900;
/** A few seconds: functions that wait for a slow receiver would prolong the faults for long. */
const FAULTY_LOOKS = 300;

/** Returns what is wrong: what is not at rest in the end, and what was stopped without a cause or too long. */
export async function settle(plan: Plan, scene: Scene): Promise<string[]> {
  // On a slow machine most requests come after the last message was published. They are to meet the faults too.
  await untilQuiet(scene.stage, FAULTY_LOOKS);
  const earlier = await calm(plan, scene);
  const isSkewed = plan.events.some((event) => event.do === 'skew');
  const calmAt = isSkewed ? Number.POSITIVE_INFINITY : Date.now();
  const wrong = withoutCause(earlier, calmAt, scene);
  const overdue = createOverdue();
  let left = await leftover(scene.stage);
  for (let round = 0; left !== undefined && round < MOST_ROUNDS; round++) {
    await untilQuiet(scene.stage);
    left = await leftover(scene.stage);
    if (left === undefined) break;
    await jumpSoundly(round < LATE_ROUND ? 35_000 + 15_000 * round : 900_000, scene.stage, scene.receivers);
    wrong.push(...withoutCause(await resumeByHand(earlier, scene), calmAt, scene));
    const due = dueOutages(await scene.stage.store.scan('State'), Date.now());
    await scene.stage.sweep();
    await untilQuiet(scene.stage);
    wrong.push(...overdue.note(due, outages(await scene.stage.store.scan('State'))));
    left = await leftover(scene.stage);
  }
  return left === undefined ? wrong : [left, ...wrong];
}

/**
 * Faults end, receivers answer with 200, and items, endpoints, secrets, names and the broker are there. An item whose
 * subscription is in an outage stays as it is: the outage has to end by itself. Returns the pauses that were there before.
 */
async function calm(plan: Plan, { stage, receivers, items }: Scene): Promise<readonly Paused[]> {
  stage.faults.calm();
  stage.names.there();
  stage.skew(NO_SKEW);
  await receivers.calm();
  await stage.broker?.calm();
  await items.putSecrets();
  await items.putEndpoints();
  // The endpoint whose brokers could not be reached is replaced by a queue.
  await stage.store.put('Endpoints', {
    name: 'broken',
    type: 'sqs',
    configuration: { queueUrl: stage.repairedUrl },
  });
  const paused = await pauses(stage);
  for (const { id } of plan.subscriptions) {
    const isOutage = paused.some((one) => one.subscription === id && one.pause.resumeAt !== undefined);
    if (!isOutage || !items.isGood(id)) await items.put(id);
  }
  return paused;
}

/** Waits until no invocation runs and every poll waits: a message whose group is in flight is visible, but not to be had. */
async function untilQuiet({ set }: Stage, mostLooks = MOST_LOOKS): Promise<void> {
  let quiet = 0;
  for (let looks = 0; quiet < QUIET_LOOKS && looks < mostLooks; looks++) {
    const isBusy =
      set.functions.running().length > 0 ||
      counts(set).some(({ visible, waiting }) => visible > 0 && waiting === 0);
    quiet = isBusy ? 0 : quiet + 1;
    await setTimeout(LOOK_MS);
  }
}

/** The queues that functions read. */
const counts = ({ mappings, sqs }: Stage['set']) =>
  mappings.map(({ mapping }) => {
    const name = mapping.queueArn.split(':').at(-1) ?? '';
    const queue = sqs?.queue(name);
    const { visible = 0, inFlight = 0, delayed = 0 } = queue?.counts() ?? {};
    return { name, visible, inFlight, delayed, waiting: queue?.waiting() ?? 0 };
  });

async function leftover(stage: Stage): Promise<string | undefined> {
  const queued = counts(stage.set).filter(
    ({ visible, inFlight, delayed }) => visible + inFlight + delayed > 0,
  );
  if (queued.length > 0) return `messages on queues: ${JSON.stringify(queued)}`;
  if (stage.set.functions.running().length > 0) return 'an invocation runs';
  const items = await stage.store.scan('State');
  const isLeft = ({ pk, sk, pause, lanes, move }: Record<string, unknown>) =>
    String(pk).startsWith('lane#') ||
    (sk === 'state' && (pause !== undefined || move !== undefined || Object.keys(lanes ?? {}).length > 0));
  const found = items.find(isLeft);
  return found === undefined ? undefined : `in the state table: ${JSON.stringify(found)}`;
}

const pausedSchema = z.looseObject({
  subscription: z.string(),
  pause: z.looseObject({
    reason: z.string(),
    itemHash: z.string(),
    resumeAt: z.number().optional(),
  }),
});
type Paused = z.infer<typeof pausedSchema>;

async function pauses({ store }: Stage): Promise<readonly Paused[]> {
  const states = (await store.scan('State')).filter(({ sk, pause }) => sk === 'state' && pause !== undefined);
  return states.map((state) => pausedSchema.parse(state));
}

/**
 * Resumes what waits for a person: what a person paused, and what was stopped by a late answer after its item was put. Outages
 * end by themselves, and an item that is put anew resumes what was stopped before. Returns the pauses that it ended.
 */
async function resumeByHand(
  earlier: readonly Paused[],
  { stage, resumed }: Scene,
): Promise<readonly Paused[]> {
  const ended: Paused[] = [];
  for (const { subscription, pause } of await pauses(stage)) {
    const isEarlier = earlier.some(
      (one) =>
        one.subscription === subscription &&
        one.pause.reason === pause.reason &&
        one.pause.itemHash === pause.itemHash,
    );
    if (pause.resumeAt !== undefined || (pause.reason !== 'manual' && isEarlier)) continue;
    ended.push({ subscription, pause });
    resumed.push({ subscription, at: Date.now() });
    const asked = await stage.set.functions.run('resume', { subscription, action: 'resume' });
    if (!asked.ok) stage.lines.push(`resume failed: ${asked.errorMessage}`);
  }
  return ended;
}

/** A sentence for each subscription that waits for a person, and was not stopped by the plan or a receiver. */
function withoutCause(
  paused: readonly Paused[],
  calmAt: number,
  { stage, receivers, items, events, deaths }: Scene,
): string[] {
  const stops = paused.filter(({ pause }) => pause.resumeAt === undefined);
  if (stops.length === 0) return [];
  const { received } = receivers;
  const causes = { attempts: attemptsIn(stage.lines), events, items, deaths: deaths.all(), received, calmAt };
  return stops
    .map(({ subscription, pause: { reason } }) => ({ subscription, reason }))
    .filter((stop) => !hasCause(stop, causes))
    .map(({ subscription, reason }) => `${subscription} was stopped without a cause: ${reason}`);
}
