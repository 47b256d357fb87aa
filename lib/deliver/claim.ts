// At-most-once: a message is claimed before it is sent, and an attempt that finds another's claim never sends. The claim
// outlives the queue's copy. The outcome is written into the claim before anything else follows from it; claimed-removal.ts
// has the exception, a delivered message from the queue. So a claim names its copy: a second copy of the message, which
// route or a redrive sent, is told from the first one, which comes again after a crash.
import * as z from 'zod';
import type { Delivery } from '#lib/message/attribute.ts';
import type { WaitClock } from '#lib/queue/unprocessed.ts';
import { placeInBacklog } from '#lib/state/entries.ts';
import { claimKey } from '#lib/state/keys.ts';
import type { Table } from '#lib/state/table.ts';
import { DIRECTIVES } from './answer-directive.ts';
import type { Outcome } from './outcome.ts';
import type { Sendable } from './request-batch.ts';

/** Parts of an answer that is no 2xx. */
const said = { excerpt: z.string().optional(), directive: z.enum(DIRECTIVES).optional() };

const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('delivered'), status: z.number() }),
  z.object({ kind: z.literal('rejected'), status: z.number(), ...said }),
  z.object({ kind: z.literal('failed'), status: z.number(), ...said }),
  z.object({ kind: z.literal('unknown'), code: z.string(), message: z.string() }),
]);
const claimSchema = z.object({
  nonce: z.string(),
  /** The subscription's epoch when the attempt began: the outcome of an older epoch pauses nothing. */
  epoch: z.number(),
  at: z.number(),
  /** The copy that was claimed. Claims of older versions have none. */
  copy: z.object({ sequence: z.string(), sends: z.number(), place: z.string().optional() }).optional(),
  outcome: outcomeSchema.optional(),
});
type Claim = z.infer<typeof claimSchema>;

export type Taken = { readonly kind: 'taken'; readonly nonce: string };
export type Refused =
  | {
      readonly kind: 'refused';
      /** Outcome of the other attempt; `unknown` and `lost` where none was written. */
      readonly outcome: Outcome;
      readonly epoch: number;
      readonly at: number;
    }
  /** Another copy of the message holds the claim. Whatever follows from its outcome is done for that copy. */
  | { readonly kind: 'duplicate' };

/** A message to claim: `sequence` and `sends` say which copy it is. */
export type Claimable = Pick<Sendable, 'delivery' | 'sequence' | 'entry'>;
type Identity = Pick<Delivery, 'subscription' | 'messageId' | 'replayId'>;
type Deps = { readonly stateTable: Pick<Table, 'get' | 'put' | 'set' | 'delete'> };
/** How long a claim prevents a second send, in seconds: longer than a message can wait anywhere. */
export type ClaimDeps = Deps & WaitClock & { readonly claimsLiveSeconds: number };

const keyOf = ({ subscription, messageId, replayId }: Identity) =>
  claimKey(subscription, messageId, replayId);

/**
 * Claims the message for one attempt, or returns the outcome of the attempt that holds the claim. `nonce`: tells this claim from
 * all others. Throws when DynamoDB fails: the claim may be there nevertheless.
 */
export async function takeClaim(
  message: Claimable,
  { epoch, now, nonce }: { readonly epoch: number; readonly now: number; readonly nonce: string },
  { stateTable, claimsLiveSeconds }: ClaimDeps,
): Promise<Taken | Refused> {
  const { delivery, sequence = '' } = message;
  const place = placeInBacklog(delivery);
  const copy = { sequence, sends: delivery.sends, ...(place !== undefined && { place }) };
  const expiresAt = Math.floor(now / 1000) + claimsLiveSeconds;
  const taken = await stateTable.put(
    { ...keyOf(delivery), nonce, epoch, at: now, copy, expiresAt },
    // Or our own nonce: the SDK repeats a call whose answer was lost, and must not be refused by its own write.
    { absent: 'pk', ...ofNonce(nonce) },
  );
  return taken ? { kind: 'taken', nonce } : await refusal(message, { stateTable });
}

async function refusal(message: Claimable, { stateTable }: Deps): Promise<Refused> {
  const claim = await stateTable.get(keyOf(message.delivery), claimSchema);
  // The claim was taken back between the two calls: the next receive finds none.
  if (claim === undefined) throw new ClaimVanished();
  if (isOfOtherCopy(claim, message)) return { kind: 'duplicate' };
  const { outcome, epoch, at } = claim;
  const lost: Outcome = {
    kind: 'unknown',
    code: 'lost',
    message: 'an earlier attempt was begun and cut off; whether it reached the callback is not known',
    lost: true,
  };
  return { kind: 'refused', outcome: outcome === undefined ? lost : toOutcome(outcome), epoch, at };
}

/**
 * Whether another copy holds the claim. A claimed copy keeps its sequence number until it is sent again, and
 * then it has more `sends`. In the backlog, copies with the same place are one entry: it may stand for the claimed one.
 */
function isOfOtherCopy({ copy }: Claim, { delivery, sequence, entry }: Claimable): boolean {
  if (copy === undefined) return false;
  const place = placeInBacklog(delivery);
  const mayBeMerged = entry !== undefined && place !== undefined && place === copy.place;
  return !mayBeMerged && copy.sequence !== sequence && delivery.sends <= copy.sends;
}

/** Whether an attempt of the message holds its claim. Throws when DynamoDB fails. */
export const isClaimed = async (
  delivery: Identity,
  { stateTable }: Pick<Deps, 'stateTable'>,
): Promise<boolean> => (await stateTable.get(keyOf(delivery), claimSchema)) !== undefined;

/** The claim was taken back while it was read. Nothing was sent; the message is received again. */
export class ClaimVanished extends Error {
  override name = 'ClaimVanished';
}

function toOutcome(stored: z.infer<typeof outcomeSchema>): Outcome {
  if (stored.kind !== 'rejected' && stored.kind !== 'failed') return stored;
  const { excerpt, directive, ...rest } = stored;
  return {
    ...rest,
    ...(excerpt !== undefined && { excerpt }),
    ...(directive !== undefined && { directive }),
  };
}

/** Writes the outcome into the claim if the claim is still this attempt's. Throws when DynamoDB fails. */
export async function closeClaim(
  delivery: Identity,
  { nonce }: Taken,
  outcome: Exclude<Outcome, { kind: 'unsent' }>,
  { stateTable }: Deps,
): Promise<void> {
  // Refused when another attempt holds the claim: then nothing is to be written.
  await stateTable.set(keyOf(delivery), { outcome }, ofNonce(nonce));
}

/** Takes back this attempt's own claim: no byte was written to the callback. Throws when DynamoDB fails. */
export async function releaseClaim(
  delivery: Identity,
  { nonce }: Taken,
  { stateTable }: Deps,
): Promise<void> {
  // DynamoDB refuses the delete if another attempt holds the claim, or if an earlier try of the SDK has deleted it.
  await stateTable.delete(keyOf(delivery), ofNonce(nonce));
}

const ofNonce = (nonce: string) => ({ equals: { attribute: 'nonce', value: nonce } });
