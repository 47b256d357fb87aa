// Pauses that wait for a person. The harness resumes them at the end, so each needs a cause: otherwise a product that stops
// subscriptions wrongly would be healed.
import type { LoggedAttempt } from './attempted.ts';
import type { Interruption } from './interruptions.ts';
import type { Items } from './items.ts';
import type { CarriedOut } from './met.ts';
import { isGood } from './misplaced.ts';
import type { Received } from './receiver.ts';

/** `reason`: as the state table has it. */
export type Stop = { readonly subscription: string; readonly reason: string };

type Answered = Pick<Received, 'subscription' | 'status'>;

export type Causes = {
  readonly attempts: readonly LoggedAttempt[];
  readonly events: readonly CarriedOut[];
  readonly items: Pick<Items, 'versionsOf' | 'endpointAbsences'>;
  readonly deaths: readonly Interruption[];
  readonly received: readonly Answered[];
  /** When the receivers began to answer with 200, by the functions' clocks; Infinity where these differ. */
  readonly calmAt: number;
};

const isRejected = ({ status = 0 }: Answered): boolean =>
  status >= 300 && status < 500 && status !== 408 && status !== 425 && status !== 429;

/** Whether something in the run may stop the subscription for this reason. */
export function hasCause({ subscription, reason }: Stop, causes: Causes): boolean {
  const { attempts, events, items, deaths, received, calmAt } = causes;
  const versions = items.versionsOf(subscription);
  const pausedAfter = (isOne: (outcome: string) => boolean) =>
    attempts.some(
      (one) =>
        one.subscription === subscription &&
        one.action === 'pause' &&
        isOne(one.outcome) &&
        one.loggedAt - one.durationMs <= calmAt,
    );
  const isDead = deaths.some(({ names }) => names.has(subscription));
  // A function that ends in an exchange writes no line of the attempt. What it knew is in a claim, and stops the subscription later.
  const answeredUnlogged = (isOne: (request: Answered) => boolean) =>
    isDead && received.some((one) => one.subscription === subscription && isOne(one));
  switch (reason) {
    case 'manual':
      return events.some(({ event }) => event.do === 'pause' && event.subscription === subscription);
    case 'invalid-config':
      return (
        versions.some(({ is }) => is === 'broken') ||
        (items.endpointAbsences().length > 0 && versions.some(({ settings }) => settings.dlq === 'letters'))
      );
    case 'crashing':
      return isDead;
    case 'rejected':
    case 'gone':
      return pausedAfter((outcome) => outcome === 'rejected') || answeredUnlogged(isRejected);
    case 'outage':
      // With `onOutage: stop` alone does an outage wait for a person.
      return (
        versions.some(({ settings }) => settings.stops) &&
        (pausedAfter((outcome) => outcome !== 'delivered') || answeredUnlogged((one) => !isGood(one)))
      );
    default:
      return false;
  }
}
