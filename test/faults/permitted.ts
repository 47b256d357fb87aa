// Which places a message may have, by the items that can have applied to it. The ways there are those of the plans: nobody asks for a
// dead letter, and no message becomes too old.
import { type ItemVersion, type Span, since } from './item-versions.ts';
import type { Copy } from './places.ts';
import type { Settings } from './plan.ts';

/** Milliseconds for which `route` and `bridge` may still know an item or an endpoint as absent, with clocks that differ. */
const CACHED_MS = 60_000;

export type Circumstances = {
  readonly publishedAt: number;
  readonly versions: readonly ItemVersion[];
  readonly endpointAbsences: readonly Span[];
  /** How often a function or a call to AWS failed that may have had the message. */
  readonly interruptions: number;
  /** A call to SQS refused entries as invalid. */
  readonly isRefused: boolean;
};

/** Whether an item that can have applied to the message lets it come to this place, with this reason. */
export function isPermitted(
  { place, reason, endpoint }: Copy,
  { publishedAt, versions, endpointAbsences, interruptions, isRefused }: Circumstances,
): boolean {
  const applied = since(versions, publishedAt);
  const some = (isOne: (settings: Settings) => boolean) =>
    applied.some(({ is, settings }) => is === 'valid' && isOne(settings));
  switch (place) {
    case 'held':
      return some((one) => one.qos === 'at-most-once' && isHeldFor(reason, one));
    case 'dead letter':
      if (reason === 'crashing' && interruptions === 0) return false;
      return some((one) => one.dlq === endpoint && isLetterFor(reason, one));
    case 'undeliverable':
      return isLastResort();
    default:
      return true;
  }

  function isLastResort(): boolean {
    switch (reason) {
      case 'unsubscribed':
        return applied.some(({ is }) => is === 'absent');
      case 'unknown-subscription':
        return since(versions, publishedAt - CACHED_MS).some(({ is }) => is === 'absent');
      case 'endpoint-removed':
        return some(({ dlq }) => dlq === 'letters') && since(endpointAbsences, publishedAt).length > 0;
      case 'record-refused':
        return isRefused && some(({ dlq }) => dlq !== undefined);
      default:
        return false;
    }
  }
}

/** What was sent once and may not be sent again: without a dlq for all reasons, and where an outage interrupts. */
function isHeldFor(reason: string | undefined, { dlq, interrupts }: Settings): boolean {
  switch (reason) {
    case 'rejected':
    case 'lost':
      return dlq === undefined;
    case 'failed':
    case 'unknown':
      return dlq === undefined || interrupts;
    default:
      return false;
  }
}

function isLetterFor(reason: string | undefined, { dlq, qos, interrupts }: Settings): boolean {
  if (dlq === undefined) return false;
  switch (reason) {
    case 'rejected':
    case 'crashing':
      return true;
    case 'lost':
      return qos === 'at-most-once';
    case 'failed':
    case 'unsent':
    case 'unknown':
      return !interrupts;
    default:
      return false;
  }
}
