// Pauses that wait for a person. The harness resumes them at the end, so each needs a cause: otherwise a product that stops
// subscriptions wrongly would be healed.
import type { LoggedAttempt } from './attempted.ts';
import type { Interruption } from './interruptions.ts';
import type { Items } from './items.ts';
import type { CarriedOut } from './met.ts';

/** `reason`: as the state table has it. */
export type Stop = { readonly subscription: string; readonly reason: string };

export type Causes = {
  readonly attempts: readonly LoggedAttempt[];
  readonly events: readonly CarriedOut[];
  readonly items: Pick<Items, 'versionsOf'>;
  readonly deaths: readonly Interruption[];
  /** When the receivers began to answer with 200, by the functions' clocks; Infinity where these differ. */
  readonly calmAt: number;
};

/** Whether something in the run may stop the subscription for this reason. */
export function hasCause({ subscription, reason }: Stop, causes: Causes): boolean {
  const { attempts, events, items, deaths, calmAt } = causes;
  const versions = items.versionsOf(subscription);
  const pausedAfter = (isOne: (outcome: string) => boolean) =>
    attempts.some(
      (one) =>
        one.subscription === subscription &&
        one.action === 'pause' &&
        isOne(one.outcome) &&
        one.loggedAt - one.durationMs <= calmAt,
    );
  switch (reason) {
    case 'manual':
      return events.some(({ event }) => event.do === 'pause' && event.subscription === subscription);
    case 'invalid-config':
      return versions.some(({ is }) => is === 'broken');
    case 'crashing':
      return deaths.some(({ names }) => names.has(subscription));
    case 'rejected':
    case 'gone':
      return pausedAfter((outcome) => outcome === 'rejected');
    case 'outage':
      // With `onOutage: stop` alone does an outage wait for a person.
      return (
        versions.some(({ settings }) => settings.stops) && pausedAfter((outcome) => outcome !== 'delivered')
      );
    default:
      return false;
  }
}
