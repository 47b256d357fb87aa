// After everything has come to rest, some runs redrive the dead letters of the endpoint `letters`: each of them arrives then, once.
import * as z from 'zod';
import type { Breach } from './check.ts';
import { inSubscription } from './in-subscription.ts';
import type { Items } from './items.ts';
import { jumpSoundly } from './jump.ts';
import { loggedAs } from './log-lines.ts';
import { requestsByMessage, type Stored } from './places.ts';
import type { Plan } from './plan.ts';
import type { Received, Receivers } from './receiver.ts';
import { redrivenOutOfOrder } from './redrive-order.ts';
import type { Running } from './running.ts';
import type { Stage } from './stage.ts';

export type Redrive = {
  /** So many requests had arrived before. */
  readonly requestsBefore: number;
  /** The letters that were put into the queue by then. */
  readonly letters: ReadonlySet<string>;
  /** So many log lines had been written before. */
  readonly linesBefore: number;
};

/** Letters that are as new as the redrive stay for the next one. */
const OLDER_MS = 2_000;

const letterSchema = z.looseObject({ subscription: z.string(), messageId: z.string(), endpoint: z.string() });

/** The endpoint whose letters are redriven. */
const ENDPOINT = 'letters';

/** The letters, each with its subscription, that the log says were put into its queue. */
export function bridgedIn(lines: readonly string[]): ReadonlySet<string> {
  const letters = loggedAs('letter.bridged', lines).map((line) => letterSchema.parse(line));
  return new Set(
    letters
      .filter(({ endpoint }) => endpoint === ENDPOINT)
      .map(({ subscription, messageId }) => inSubscription(subscription, messageId)),
  );
}

type Scene = { readonly stage: Stage; readonly receivers: Receivers; readonly running: Running };

/** A redrive that was cut off has hidden letters for as long as its function may run, and they are read again then. */
const HIDDEN_MS = 1_000_000;
const CALLS = 5;

const answerSchema = z.looseObject({ done: z.boolean().optional(), cursor: z.string().optional() });

/** Redrives the letters of the endpoint `letters`: again with the same id where a call fails, and on from where one ended. */
export async function redriveLetters(
  { seed, redrive = 'nothing' }: Pick<Plan, 'seed' | 'redrive'>,
  { stage, receivers, running }: Scene,
): Promise<Redrive> {
  const letters = bridgedIn(stage.lines);
  const requestsBefore = receivers.received.length;
  const linesBefore = stage.lines.length;
  if (letters.size === 0) return { requestsBefore, letters, linesBefore };
  stage.jump(OLDER_MS);
  const meanwhile = faultOf(redrive, stage, running);
  const asked = { endpoint: ENDPOINT, redriveId: `seed-${seed}`, includeUnknown: true };
  let cursor: string | undefined;
  for (let calls = 0; calls < CALLS; calls++) {
    const result = await stage.set.functions.run('redrive', { ...asked, ...(cursor && { cursor }) });
    await meanwhile;
    if (result.ok) {
      const answer = answerSchema.parse(result.payload);
      if (answer.done !== false) break;
      cursor = answer.cursor;
    } else await jumpSoundly(HIDDEN_MS, stage, receivers);
  }
  return { requestsBefore, letters, linesBefore };
}

/** Begins the fault. Resolves when it is over, or when no redrive has begun. */
async function faultOf(
  redrive: NonNullable<Plan['redrive']>,
  { faults }: Stage,
  running: Running,
): Promise<void> {
  if (typeof redrive === 'string') {
    if (redrive !== 'nothing') faults.next(redrive, 'SendMessageBatch');
  } else if ('toMs' in redrive) await running.carryOut({ do: 'age', function: 'redrive', ...redrive });
  else await running.carryOut({ do: 'kill', function: 'redrive', ...redrive });
}

/** What is wrong after a redrive: a letter that did not arrive, or a message that came again without one. */
export function balanceRedrive(
  { requestsBefore, letters, linesBefore }: Redrive,
  {
    plan,
    items,
    received,
    stored,
    interrupted,
    lines,
  }: {
    readonly plan: Pick<Plan, 'redrive' | 'subscriptions' | 'messages' | 'events'>;
    readonly items: Pick<Items, 'settingsOf'>;
    readonly received: readonly Received[];
    readonly stored: Pick<Stored, 'copies'>;
    /** Messages that an interruption may have let come again. */
    readonly interrupted: ReadonlySet<string>;
    readonly lines: readonly string[];
  },
): Breach[] {
  const redriven = received.slice(requestsBefore);
  const requests = requestsByMessage(redriven);
  const left = new Set(
    stored.copies
      .filter(({ at }) => at === ENDPOINT)
      .map(({ subscription, id }) => inSubscription(subscription, id)),
  );
  // A function that is killed in the exchange of a redriven message leaves a new letter, which waits for the next redrive.
  const again = bridgedIn(lines.slice(linesBefore));
  const breaches: Breach[] = [];
  for (const letter of letters) {
    const [subscription = ''] = letter.split(' ');
    // A letter of a subscription that has another endpoint by now is not this endpoint's own.
    if (items.settingsOf(subscription).at(-1)?.dlq !== ENDPOINT) continue;
    if (again.has(letter)) continue;
    if (left.has(letter)) breaches.push({ promise: 'stuck', text: `${letter} was not redriven` });
    else if (!requests.has(letter))
      breaches.push({ promise: 'lost', text: `${letter} was redriven and did not arrive` });
  }
  for (const [message, again] of requests) {
    if (!letters.has(message))
      breaches.push({ promise: 'doubled', text: `${message} was no dead letter and came with a redrive` });
    // Other qualities of service may make two letters of a message that came twice.
    else if (again.length > 1 && isAtMostOnce(message))
      breaches.push({
        promise: 'doubled',
        text: `${message} was redriven once and came ${again.length} times`,
      });
  }
  for (const text of redrivenOutOfOrder({ plan, items, received: redriven, letters, interrupted }))
    breaches.push({ promise: 'out of order', text });
  return breaches;

  function isAtMostOnce(message: string): boolean {
    const [subscription = ''] = message.split(' ');
    return items.settingsOf(subscription).every(({ qos }) => qos === 'at-most-once');
  }
}
