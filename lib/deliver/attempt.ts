// One attempt: build the request and its credentials, claim its messages where the quality of service needs it, send, and
// report the outcome. policy.ts decides what follows.
import type { CallbackClient, Exchange } from '#lib/callback/client.ts';
import { LocalFault } from '#lib/callback/local-fault.ts';
import type { Span } from '#lib/message/trace.ts';
import { withTimeLimit } from '#lib/queue/time-limit.ts';
import type { Turn } from '#lib/state/lane-turns.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { tenantOf } from '#lib/subscription/tenant.ts';
import { type Count, errorName, type Log } from '#lib/telemetry/log.ts';
import type { OpenClaim } from './claimed-removal.ts';
import { type Claimed, type ClaimsDeps, takeBackClaims, takeClaims, writeClaims } from './claims.ts';
import type { Exchanged } from './logged-exchange.ts';
import { type AnswerLimits, type Outcome, outcomeOf } from './outcome.ts';
import { searchSteps } from './redact.ts';
import { requestFor, type Sendable, type Sending } from './request-batch.ts';
import { isSecuredAtOnce, type SecureDeps, secure } from './secure.ts';
import type { Stopwatch } from './stopwatch.ts';

export type Attempted = {
  readonly outcome: Outcome;
  /** The subscription's epoch when the attempt began. */
  readonly epoch: number;
  /** False when an earlier attempt holds the claim: its outcome is reported, and nothing was sent now. */
  readonly made: boolean;
  readonly at: number;
  readonly durationMs: number;
  readonly span?: Span | undefined;
  /** The request and its answer. Undefined when no request was made. */
  readonly exchanged?: Exchanged;
  /** A 401 for credentials that have been replaced since: it says nothing about the new ones. */
  readonly credentialsChanged?: boolean;
};

export type AttemptDeps = SecureDeps &
  ClaimsDeps &
  AnswerLimits & {
    readonly callback: Pick<CallbackClient, 'exchange'>;
    readonly log: Log;
    readonly count: Count;
    readonly now: () => number;
  };

export type Circumstances = {
  readonly subscription: Subscription;
  readonly epoch: number;
  /** The subscription is paused, and this attempt is its probe. */
  readonly probing: boolean;
  /** Latest time to send the request, epoch milliseconds: fetching a token may take a while. */
  readonly sendBy: number;
  /** Time by which the attempt must be over, epoch milliseconds. */
  readonly endsAt: number;
  /** The lane's turn for this request. Undefined for a sample message, which has no lane. */
  readonly turn?: Pick<Turn, 'begin'> | undefined;
  /** Counts the time that the receiver takes. */
  readonly stopwatch: Stopwatch;
  /** Takes the claims of delivered messages, whose outcome the caller then writes or makes needless. Undefined: it is written. */
  readonly openClaims?: OpenClaim[] | undefined;
};

/**
 * Makes one attempt, or reports the outcome of the attempt that holds the claim. Returns `out-of-time` when there is no
 * time to start it, `claimed-apart` when one of several messages is claimed by another attempt, and `duplicate` when
 * another copy of the message holds the claim. Throws when DynamoDB fails before anything is sent, and a
 * LocalFault when this environment has no free socket: nothing was sent then, nothing is claimed, and the messages are to be
 * received again.
 */
export async function attempt(
  sending: Sending<Sendable>,
  { subscription, epoch, probing, sendBy, endsAt, turn, stopwatch, openClaims }: Circumstances,
  deps: AttemptDeps,
): Promise<Attempted | 'out-of-time' | 'claimed-apart' | 'duplicate'> {
  const at = deps.now();
  const request = requestFor(sending, subscription, at);
  if (request.dropped > 0) deps.count('HeadersDropped', request.dropped);

  const { span } = request;
  // A time limit and a stopwatch cost timers, which are nothing without a wait.
  const secured = isSecuredAtOnce(subscription)
    ? await secure(request, subscription, deps)
    : await stopwatch.during(() => withTimeLimit(sendBy, secure(request, subscription, deps), deps));
  if (secured === undefined || deps.now() > sendBy) return 'out-of-time';
  if (!secured.ok) {
    const outcome = { kind: 'unsent', code: secured.code, message: secured.message } as const;
    const exchanged = { headers: request.headers, body: request.body, exchange: undefined };
    return { outcome, epoch, at, made: true, durationMs: deps.now() - at, span, exchanged };
  }

  // Claim last: everything else that can fail before the request has succeeded.
  const { members } = sending;
  const claims =
    subscription.qos === 'at-most-once' ? await takeClaims(members, { epoch, now: at }, deps) : [];
  if ('kind' in claims) {
    // Each has an outcome of its own then.
    if (members.length > 1) return 'claimed-apart';
    deps.count('ClaimsRefused');
    if (claims.kind === 'duplicate') return claims.kind;
    return { outcome: claims.outcome, epoch: claims.epoch, at: claims.at, made: false, durationMs: 0 };
  }

  await begin(turn, members, claims, deps);
  // DynamoDB may have taken seconds for the claims. The end of the invocation would cut the request off.
  if (deps.now() > sendBy) {
    await takeBackClaims(claims, deps);
    return 'out-of-time';
  }
  const { headers } = secured;
  const url = subscription.callbackUrl;
  const exchanging = stopwatch.during(() =>
    deps.callback.exchange({
      url,
      headers,
      body: request.body,
      timeoutMs: subscription.http.readTimeoutMs,
      pool: {
        key: subscription.id,
        tenant: tenantOf(subscription),
        connectTimeoutMs: subscription.http.connectTimeoutMs,
        idleTimeoutMs: subscription.http.idleTimeoutMs,
        connections: subscription.http.maxConcurrentConnections,
        // A stale pooled connection would cost the only attempt of a message that may not be sent twice. For a probe it would
        // double the outage.
        fresh: probing || subscription.qos === 'none' || subscription.qos === 'at-most-once',
        ...secured.connection,
      },
    }),
  );
  const exchange = await orTakenBack(exchanging, members, claims, deps);
  const carried = { url, headers, configured: subscription.headers };
  const steps = searchSteps();
  const outcome = outcomeOf(exchange, carried, { ...deps, steps });
  const durationMs = deps.now() - at;
  if (outcome.kind === 'delivered' && openClaims !== undefined)
    openClaims.push(...claims.map((claimed) => ({ ...claimed, outcome })));
  else await writeClaims(claims, outcome, deps);
  const isRefused = outcome.kind === 'rejected' && outcome.status === 401;
  const refused = isRefused && deps.authorization.refused(subscription, secured.authorization);
  // When the secret can't be read again in time, the credentials may have changed.
  const credentialsChanged = refused && ((await withTimeLimit(endsAt, refused, deps)) ?? true);
  const exchanged = { headers, body: request.body, exchange, steps };
  return { outcome, epoch, at, made: true, durationMs, span, exchanged, credentialsChanged };
}

/** Begins the turn, and takes the claims back when it can't be: no request may be sent then. Throws when DynamoDB fails. */
async function begin(
  turn: Pick<Turn, 'begin'> | undefined,
  [first]: readonly Sendable[],
  claims: readonly Claimed[],
  deps: AttemptDeps,
): Promise<void> {
  try {
    await turn?.begin();
  } catch (error) {
    const { subscription, messageId } = first?.delivery ?? {};
    deps.log.warn('turn.not-begun', { subscription, messageId, error: errorName(error) });
    await takeBackClaims(claims, deps);
    throw error;
  }
}

/** Takes the claims back when the exchange was not begun because of this environment, and throws on. */
async function orTakenBack(
  exchanging: Promise<Exchange>,
  [first]: readonly Sendable[],
  claims: readonly Claimed[],
  deps: AttemptDeps,
): Promise<Exchange> {
  try {
    return await exchanging;
  } catch (error) {
    if (error instanceof LocalFault) {
      const { subscription, messageId } = first?.delivery ?? {};
      deps.log.warn('callback.local-fault', { subscription, messageId, code: error.code });
      await takeBackClaims(claims, deps);
    }
    throw error;
  }
}
