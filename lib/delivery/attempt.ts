// One attempt: sign, claim where the quality of service asks for it, send, and know what came of it. What follows from
// the outcome is not decided here.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { CallbackClient } from '#lib/callback/client.ts';
import type { Secrets } from '#lib/credentials/secrets.ts';
import { type Count, type Log, nameOf } from '#lib/log.ts';
import type { Delivery } from '#lib/message/attribute.ts';
import type { Span } from '#lib/message/trace.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { closeClaim, releaseClaim, type Taken, takeClaim } from './claim.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { requestOf } from './request.ts';
import { signed } from './sign.ts';

export type Attempted = {
  readonly outcome: Outcome;
  /** The subscription's epoch when the attempt began. */
  readonly epoch: number;
  /** False when an earlier attempt has the claim: its outcome is told, nothing was sent now. */
  readonly made: boolean;
  readonly at: number;
  readonly durationMs: number;
  readonly span?: Span | undefined;
};

export type AttemptDeps = {
  readonly callback: Pick<CallbackClient, 'exchange'>;
  readonly secrets: Pick<Secrets, 'read' | 'readAnew'>;
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly stateTable: string;
  readonly log: Log;
  readonly count: Count;
  readonly now: () => number;
};

/** Makes one attempt, or tells of the one that was made. Throws only when DynamoDB fails before anything is sent. */
export async function attempt(
  { delivery, body }: { readonly delivery: Delivery; readonly body: string },
  { subscription, epoch }: { readonly subscription: Subscription; readonly epoch: number },
  deps: AttemptDeps,
): Promise<Attempted> {
  const at = deps.now();
  const request = requestOf(delivery, body, subscription, at);
  if (request.dropped > 0) deps.count('HeadersDropped', request.dropped);

  const { span } = request;
  const signature = await signed(request, subscription.signing, deps);
  if (!signature.ok) {
    const { code, message } = signature;
    const durationMs = deps.now() - at;
    return { outcome: { kind: 'unsent', code, message }, epoch, at, made: true, durationMs, span };
  }

  // The last thing before the request: everything that can fail earlier has not failed.
  const claim =
    subscription.qos === 'at-most-once' ? await takeClaim(delivery, { epoch, now: at }, deps) : undefined;
  if (claim?.kind === 'refused') {
    deps.count('ClaimsRefused');
    return { outcome: claim.outcome, epoch: claim.epoch, at: claim.at, made: false, durationMs: 0 };
  }

  const exchange = await deps.callback.exchange({
    url: subscription.callbackUrl,
    headers: signature.headers,
    body: request.body,
    timeoutMs: subscription.http.readTimeoutMs,
    pool: {
      key: subscription.id,
      connectTimeoutMs: subscription.http.connectTimeoutMs,
      idleTimeoutMs: subscription.http.idleTimeoutMs,
      connections: subscription.http.maxConcurrentConnections,
      // Where nothing may be sent twice, a connection that went stale unseen would cost the attempt.
      fresh: subscription.qos === 'none' || subscription.qos === 'at-most-once',
    },
  });
  const outcome = outcomeOf(exchange, deps.now());
  const durationMs = deps.now() - at;
  if (claim) await writeDown(outcome, claim, delivery, deps);
  return { outcome, epoch, at, made: true, durationMs, span };
}

/** The claim without an outcome says `unknown` to whoever finds it: safe, so a failed write stops nothing. */
async function writeDown(
  outcome: Outcome,
  claim: Taken,
  delivery: Delivery,
  deps: AttemptDeps,
): Promise<void> {
  try {
    if (outcome.kind === 'unsent') await releaseClaim(delivery, claim, deps);
    else await closeClaim(delivery, claim, outcome, deps);
  } catch (error) {
    const { subscription, messageId } = delivery;
    deps.log.error('claim.not-written', {
      subscription,
      messageId,
      outcome: outcome.kind,
      error: nameOf(error),
    });
  }
}
