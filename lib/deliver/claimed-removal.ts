// At-most-once from the queue: a delivered message is deleted while the next one of its lane is claimed and sent. Its claim
// gets the outcome only where the delete is not confirmed: two calls a delivery. A crash before the delete leaves a claim
// without an outcome: the message is not sent again, but held as `lost`.
import type { SQSRecord } from 'aws-lambda';
import type { Delivery } from '#lib/message/attribute.ts';
import type { Queues } from '#lib/queue/queues.ts';
import { type Claimed, type ClaimsDeps, writeClaims } from './claims.ts';
import type { DeliveryMessage } from './delivery-message.ts';
import type { Outcome } from './outcome.ts';

/** A claim of a delivered message, into which the outcome is not written yet. */
export type OpenClaim = Claimed & { readonly outcome: Outcome };

export type ClaimedRemovalDeps = ClaimsDeps & {
  readonly queues: Pick<Queues, 'remove'>;
  readonly deliveriesQueueUrl: string;
};

type Attempted = {
  readonly members: readonly DeliveryMessage[];
  readonly records: readonly SQSRecord[];
  /** So many of the records are settled, from the first on. */
  readonly settled: number;
  readonly openClaims: readonly OpenClaim[];
};

export type ClaimedRemoval = {
  /**
   * Begins to delete the settled records of a request, and returns when the removal before it has ended: so a crash leaves
   * at most two requests of a lane whose claims have no outcome. Never throws.
   */
  begin(attempted: Attempted): Promise<void>;
  /** Receipt handles whose delete SQS has confirmed, as far as removals have ended. */
  readonly removed: ReadonlySet<string>;
  /** Waits for the last removal. Never throws. */
  end(): Promise<void>;
};

/** Makes the removal of one lane. */
export function createClaimedRemoval(deps: ClaimedRemovalDeps): ClaimedRemoval {
  const removed = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  return {
    removed,
    async begin(attempted) {
      await last;
      last = remove(attempted, removed, deps);
    },
    end: () => last,
  };
}

async function remove(
  { members, records, settled, openClaims }: Attempted,
  removed: Set<string>,
  deps: ClaimedRemovalDeps,
): Promise<void> {
  const handles = records.slice(0, settled).map(({ receiptHandle }) => receiptHandle);
  const refusals = handles.length > 0 ? await deps.queues.remove(deps.deliveriesQueueUrl, handles) : [];
  for (const [index, handle] of handles.entries()) if (refusals[index] === undefined) removed.add(handle);
  const left = members.filter((_, index) => !removed.has(records[index]?.receiptHandle ?? ''));
  const names = new Set(left.map(({ delivery }) => nameOf(delivery)));
  const closing = openClaims
    .filter(({ delivery }) => names.has(nameOf(delivery)))
    .map((open) => writeClaims([open], open.outcome, deps));
  await Promise.all(closing);
}

const nameOf = ({ messageId, replayId }: Delivery) => JSON.stringify([messageId, replayId]);
