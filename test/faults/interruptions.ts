// What may let a message be worked on a second time: an invocation that failed, a call to AWS with a fault, a broken broker, and
// a jump of the clock beyond the time for which SQS hides a message.
import type { MetCall } from './aws-faults.ts';
import { functionOf } from './jump.ts';
import type { Plan } from './plan.ts';
import type { Jump, Stage } from './stage.ts';

export type Interruption = {
  /** When it was over, in milliseconds of the run's clock. */
  readonly at: number;
  /** The function that it ended; undefined for the other interruptions. */
  readonly function?: string;
  /** The ids of messages and subscriptions in the event or the call; empty: it may concern any. */
  readonly names: ReadonlySet<string>;
};

export type Deaths = {
  /** Invocations that failed since the beginning: killed, out of memory or out of time. */
  all(): readonly Interruption[];
  end(): void;
};

export function createDeaths({ set }: Pick<Stage, 'set'>): Deaths {
  const deaths: Interruption[] = [];
  const end = set.functions.onInvocation((report) => {
    if (report.result.ok) return;
    const names = namesIn(JSON.stringify(report.event));
    deaths.push({ at: report.endedAt, function: functionOf(report), names });
  });
  return { all: () => deaths, end };
}

/** A call with a fault, a broker that was killed or frozen, or a jump of the clock while functions ran. */
export function interruptionsOf(
  plan: Pick<Plan, 'subscriptions' | 'events'>,
  { calls, jumps }: { readonly calls: readonly MetCall[]; readonly jumps: readonly Jump[] },
): Interruption[] {
  return [
    ...calls.filter(mayRepeat).map(({ at, text }) => ({ at, names: namesIn(text) })),
    ...jumps.flatMap((one) => jumpIn(one, plan) ?? []),
    // A broker may have taken a letter that `bridge` then sends once more, whenever that is.
    ...plan.events
      .filter((event) => event.do.startsWith('broker-'))
      .map(() => ({ at: Number.POSITIVE_INFINITY, function: 'bridge', names: ANY })),
  ];
}

const READS = ['GetItem', 'BatchGetItem', 'Query', 'GetSecretValue'];
/** A call of these faults is done, or its process ends, which counts as a death. */
const HARMLESS = ['slow', 'kill-before', 'kill-after'];

/** Whether the fault of a call may let a message come a second time. */
export const mayRepeat = ({ kind, operation }: Pick<MetCall, 'kind' | 'operation'>): boolean =>
  !HARMLESS.includes(kind) && !READS.includes(operation);

/** Less than the visibility timeout of `route` (four minutes), for a message that was received some time before. */
const HIDDEN_MS = 200_000;

function jumpIn({ at, ms, isBusy }: Jump, plan: Items): Interruption | undefined {
  if (!isBusy) return undefined;
  if (ms >= HIDDEN_MS) return { at, names: ANY };
  const rated = ratedIn(plan);
  return rated.size > 0 ? { at, names: rated } : undefined;
}

/**
 * The subscriptions with a rate. Their lanes are locked for a slice and one request only, so already a short jump of the clock
 * makes two holders of a lane, as AWS never does.
 */
export function ratedIn({ subscriptions, events }: Items): ReadonlySet<string> {
  const changes = events.flatMap((one) => (one.do === 'change' ? [one] : []));
  return new Set([
    ...subscriptions.filter(({ settings }) => settings.rateLimit).map(({ id }) => id),
    ...changes.filter(({ settings }) => settings.rateLimit).map(({ subscription }) => subscription),
  ]);
}
type Items = Pick<Plan, 'subscriptions' | 'events'>;

const ANY: ReadonlySet<string> = new Set();

/** The messages and subscriptions of a seed that a text names. */
const namesIn = (text: string): ReadonlySet<string> => new Set(text.match(/\b[ms]\d+-\d+\b/g));

type Concerned = {
  readonly subscription: string;
  readonly id: string;
  readonly publishedAt: number;
  /** It has a dead letter, or had one that was redriven. */
  readonly hasLetter: boolean;
  readonly isRedriven: boolean;
  readonly isUndeliverable: boolean;
};

/** Those that may have let this message come once more: after its publication, by a function or a call that can have held it. */
export function interruptionsFor(all: readonly Interruption[], message: Concerned): readonly Interruption[] {
  const { subscription, id, publishedAt, hasLetter, isRedriven, isUndeliverable } = message;
  return all.filter(
    ({ at, names, ...one }) =>
      at >= publishedAt &&
      (names.size === 0 || names.has(id) || names.has(subscription)) &&
      mayHold(one.function),
  );

  function mayHold(name: string | undefined): boolean {
    switch (name) {
      case 'bridge':
        return hasLetter || isUndeliverable;
      case 'redrive':
        return isRedriven;
      case 'resume':
        return isUndeliverable;
      default:
        return true;
    }
  }
}
