// The claims of one request: each of its messages is claimed before the send, or none is. claim.ts has a single claim.
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
  const tried = await Promise.allSettled(messages.map((message) => takeClaim(message, facts, deps)));
  const claimed: Claimed[] = [];
  let refused: Refused | undefined;
  let failed: PromiseRejectedResult | undefined;
  for (const [index, one] of tried.entries()) {
    const message = messages[index];
    if (one.status === 'rejected') failed ??= one;
    else if (one.value.kind !== 'taken') refused ??= one.value;
    else if (message !== undefined) claimed.push({ delivery: message.delivery, claim: one.value });
  }
  if (failed === undefined && refused === undefined) return claimed;
  await writeClaims(claimed, { kind: 'unsent', code: 'other', message: 'another message was claimed' }, deps);
  if (failed !== undefined) throw failed.reason;
  return refused ?? claimed;
}

/**
 * Writes the outcome into each claim, or takes the claims back when nothing was sent: for two seconds, while DynamoDB fails.
 * Never throws: a claim without an outcome counts as `unknown`.
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
