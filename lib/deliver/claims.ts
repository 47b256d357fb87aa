// The claims of one request: each of its messages is claimed before the send, or none is. claim.ts has a single claim.
import { randomUUID } from 'node:crypto';
import type { Delivery } from '#lib/message/attribute.ts';
import { untilDone } from '#lib/queue/unprocessed.ts';
import { errorName, type Log } from '#lib/telemetry/log.ts';
import {
  type Claimable,
  type ClaimDeps,
  closeClaim,
  type Refused,
  releaseClaim,
  type Taken,
  takeClaim,
} from './claim.ts';
import type { Outcome } from './outcome.ts';

export type Claimed = { readonly delivery: Delivery; readonly claim: Taken };

export type ClaimsDeps = ClaimDeps & { readonly log: Log };

/**
 * Claims all messages of a request, or none: returns the first refusal after it has taken the other claims back. Throws when
 * DynamoDB fails, after the same.
 */
export async function takeClaims(
  messages: readonly Claimable[],
  facts: { readonly epoch: number; readonly now: number },
  deps: ClaimsDeps,
): Promise<readonly Claimed[] | Refused> {
  const tries = messages.map((message) => ({ message, nonce: randomUUID() }));
  const results = await Promise.allSettled(
    tries.map(({ message, nonce }) => takeClaim(message, { ...facts, nonce }, deps)),
  );
  const failed = results.find((one) => one.status === 'rejected');
  const refused = results.flatMap((one) =>
    one.status === 'fulfilled' && one.value.kind !== 'taken' ? [one.value] : [],
  )[0];
  // One whose call failed may be there: then only the answer was lost, and without a request it would count as lost.
  const claimed = tries.flatMap(({ message: { delivery }, nonce }, index): Claimed[] => {
    const one = results[index];
    const isOthers = one?.status === 'fulfilled' && one.value.kind !== 'taken';
    return isOthers ? [] : [{ delivery, claim: { kind: 'taken', nonce } }];
  });
  if (failed === undefined && refused === undefined) return claimed;
  await takeBackClaims(claimed, deps);
  if (failed !== undefined) throw failed.reason;
  return refused ?? claimed;
}

/** Takes the claims back, because nothing was sent. Never throws. */
export const takeBackClaims = (claimed: readonly Claimed[], deps: ClaimsDeps): Promise<void> =>
  writeClaims(claimed, NOTHING_SENT, deps);

const NOTHING_SENT: Outcome = { kind: 'unsent', code: 'other', message: 'nothing was sent' };

/**
 * Writes the outcome into each claim, or takes the claims back when nothing was sent. While DynamoDB fails, each write is
 * repeated for two seconds. Never throws: a claim without an outcome counts as `unknown`.
 */
export async function writeClaims(
  claimed: readonly Claimed[],
  outcome: Outcome,
  deps: ClaimsDeps,
): Promise<void> {
  await Promise.all(
    claimed.map(async ({ delivery, claim }) => {
      try {
        const write =
          outcome.kind === 'unsent'
            ? () => releaseClaim(delivery, claim, deps)
            : () => closeClaim(delivery, claim, outcome, deps);
        await untilDone(write, deps);
      } catch (error) {
        const { subscription, messageId } = delivery;
        deps.log.error('claim.not-written', {
          subscription,
          messageId,
          outcome: outcome.kind,
          error: errorName(error),
        });
      }
    }),
  );
}
