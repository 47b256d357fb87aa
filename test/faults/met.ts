// The part of a plan that was met in a run: its faults took effect. A planned fault may not be met: an answer without a request,
// a kill of a function that is not running, a name that nobody asks for.
import type { FunctionCall } from './aws-faults.ts';
import type { NameFault } from './names.ts';
import type { Answer, CallFault, Event, Plan, PlannedSubscription } from './plan.ts';
import type { Received } from './receiver.ts';
import type { ProcessFault } from './running.ts';

/** An event that was carried out, its time by the run's clock, and the functions that ran an invocation then. */
export type CarriedOut = {
  readonly event: Event;
  readonly at: number;
  readonly running: readonly string[];
  /** Its function ended without an answer: it may have been carried out or not. */
  readonly isUnsure?: true;
};

/** What was seen of the faults in a run. */
export type Observed = {
  readonly events: readonly CarriedOut[];
  /** The faults that a call met. */
  readonly calls: readonly CallFault[];
  /** All calls of the functions, with or without a fault. */
  readonly asked: readonly FunctionCall[];
  /** When the faults ended. */
  readonly calmAt: number;
  readonly awsIdled: boolean;
  /** The answers that requests got, by subscription. */
  readonly answers: ReadonlyMap<string, readonly Answer[]>;
  /** The subscriptions whose receiver closed a connection without a request. */
  readonly idled: ReadonlySet<string>;
  readonly received: readonly Pick<Received, 'subscription' | 'at'>[];
  readonly names: ReadonlySet<NameFault>;
  /** The log of the functions. */
  readonly lines: readonly string[];
  readonly redrivenLetters: number;
  /** The faults of processes that met an invocation. */
  readonly processFaults: readonly ProcessFault[];
};

/**
 * The plan without what was not met: the kinds that are in it were met. Clocks that differ or go back, redeploys that wait,
 * faults of the broker, and how messages are published (their contents, groups, times and queue) count as met when they were
 * carried out.
 */
export function metPart(plan: Plan, observed: Observed): Plan {
  const { calls, awsIdled } = observed;
  const { awsIdleMs, redrive, ...rest } = plan;
  return {
    ...rest,
    subscriptions: plan.subscriptions.map((one) => metSubscription(one, observed)),
    calls: plan.calls.filter((one) => calls.includes(one)),
    events: observed.events.flatMap((one) => (one.isUnsure ? [] : (metEvent(one, observed) ?? []))),
    ...(redrive !== undefined && isRedriven(plan, observed) && { redrive }),
    ...(awsIdleMs !== undefined && awsIdled && { awsIdleMs }),
  };
}

/** Letters were redriven, with the fault of the plan: one of a call that is not among those of the plan, or of the function. */
function isRedriven(
  { calls: planned, redrive }: Plan,
  { calls, redrivenLetters, processFaults }: Observed,
): boolean {
  if (redrivenLetters === 0) return false;
  if (redrive === 'nothing') return true;
  if (typeof redrive === 'string') return calls.some((one) => !planned.includes(one));
  return processFaults.some((fault) => fault.function === 'redrive');
}

function metSubscription(
  { id, idleMs, settings, ...rest }: PlannedSubscription,
  { answers, idled, asked, lines }: Observed,
): PlannedSubscription {
  const { dlq, retry, ...others } = settings;
  // No dead letter was for the endpoint, or no message waited for its retry.
  const isSent = dlq !== 'broken' || asked.some(({ target }) => target === 'endpoint broken');
  const isWaiting = isLogged(lines, id, 'delivery.delayed');
  return {
    ...rest,
    id,
    answers: answers.get(id) ?? [],
    settings: { ...others, ...(dlq && isSent && { dlq }), ...(retry && isWaiting && { retry }) },
    ...(idleMs !== undefined && idled.has(id) && { idleMs }),
  };
}

/** Whether a line of the log has these texts, such as a subscription, the line's name and a reason. */
const isLogged = (lines: readonly string[], ...texts: readonly string[]): boolean =>
  lines.some((line) => texts.every((text) => line.includes(`"${text}"`)));

/** The event as it was met; undefined: it was not. */
function metEvent({ event, at, running }: CarriedOut, observed: Observed): Event | undefined {
  const { asked, received, names, lines, events, calmAt, processFaults } = observed;
  const isAsked = (isOne: (call: FunctionCall) => boolean, end: Event['do']) => {
    const until = events.find((one) => one.event.do === end && one.at > at)?.at ?? calmAt;
    return asked.some((call) => isOne(call) && call.at >= at && call.at < until);
  };
  const isMet = (): boolean => {
    switch (event.do) {
      case 'kill':
      case 'freeze':
      case 'age':
        return processFaults.includes(event);
      case 'out-of-memory':
        return lines.some(
          (line) => line.includes(`-${event.function}: `) && line.includes('heap out of memory'),
        );
      case 'redeploy':
        return !event.isAbrupt || running.length > 0;
      case 'change':
      case 'put-again':
      case 'delete':
      case 'pause':
      case 'resume':
        return received.some((one) => one.subscription === event.subscription && one.at >= at);
      case 'break':
        return isLogged(lines, event.subscription, 'subscription.paused', 'invalid-config');
      case 'receiver-down':
      case 'receiver-up':
        return isLogged(lines, event.subscription, 'connection-refused');
      case 'secret-absent':
        return isAsked(({ operation }) => operation === 'GetSecretValue', 'secret-there');
      case 'endpoint-absent':
        return isAsked(({ target }) => target === 'endpoint letters', 'endpoint-there');
      case 'names-absent':
        return names.has(event.how);
      case 'names-slow':
        return names.has('slow');
      default:
        return true;
    }
  };
  // Without an invocation, a jump shortens none.
  if (event.do === 'jump' && running.length === 0) return { ...event, ms: 0 };
  return isMet() ? event : undefined;
}
