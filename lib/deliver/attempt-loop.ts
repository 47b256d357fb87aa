// The attempts of one request: attempt, decide, and retry in place while the policy and the time allow it. Then act.

import { isFaultOfSecretsManager } from '#lib/credentials/secrets.ts';
import { isPausedSince } from '#lib/state/transitions.ts';
import { type ActDeps, act } from './act.ts';
import { ageMsOf, isTooOld } from './age.ts';
import { type AttemptDeps, attempt } from './attempt.ts';
import { type AttemptContext, type Bounds, RESERVE_MS } from './attempt-context.ts';
import { type AttemptRecordDeps, recordAttempt } from './attempt-record.ts';
import type { DeliveryMessage } from './delivery-message.ts';
import { type PaceDeps, startPace } from './pace.ts';
import { leaveInBacklog } from './pause.ts';
import { decide } from './policy.ts';
import { attemptedAt, type Members, type Sending } from './request-batch.ts';
import type { Stopwatch } from './stopwatch.ts';
import { isTurnTooLate, takeTurn } from './turns.ts';

export type AttemptLoopDeps = AttemptDeps &
  ActDeps &
  PaceDeps &
  AttemptRecordDeps & { readonly wait: (ms: number) => Promise<unknown> };

/** The messages of a batch are to be sent one by one. Each has made this many retries already. */
export type OneByOne = {
  readonly kind: 'one-by-one';
  readonly members: Members;
  readonly retries: number;
};

/**
 * A message has become too old between two attempts. The caller lets it expire, and sends the others, which have made this many
 * retries.
 */
export type TooOld = Omit<OneByOne, 'kind'> & { readonly kind: 'too-old' };

/**
 * Makes attempts until one of these holds. `settled`: the messages are settled. `stays`: they wait in the backlog. `OneByOne`:
 * they are to be sent one by one. `TooOld`: one of them is too old. `out-of-time`: no further request fits into the time limits.
 * Throws when AWS fails or no socket is free: then no message is settled.
 */
export async function attemptUntilSettled(
  sending: Sending,
  context: AttemptContext,
  bounds: Bounds,
  deps: AttemptLoopDeps,
): Promise<'settled' | 'stays' | 'out-of-time' | OneByOne | TooOld> {
  const pace = startPace(context.registration, context.config.subscription, deps);
  try {
    return await attempts(sending, { ...context, stopwatch: pace }, bounds, deps);
  } finally {
    await pace.end();
  }
}

async function attempts(
  first: Sending,
  { stopwatch, ...context }: AttemptContext & { readonly stopwatch: Stopwatch },
  { endsAt, startBy = Number.POSITIVE_INFINITY, ...rest }: Bounds,
  deps: AttemptLoopDeps,
): Promise<'settled' | 'stays' | 'out-of-time' | OneByOne | TooOld> {
  const { subscription } = context.config;
  const sendBy = endsAt - subscription.http.readTimeoutMs - RESERVE_MS;
  const starts = { ...rest, endsAt, startBy: Math.min(startBy, sendBy) };
  const mayStart = (at: number) => at <= starts.startBy;
  let sending = first;
  let hadOtherCredentials = false;
  for (let { retries } = context; ; retries++) {
    if (!mayStart(deps.now())) return 'out-of-time';
    const { epoch, pause } = context.registration.state;
    const turn = await takeTurn(context, starts, deps);
    if (turn === undefined) return 'out-of-time';
    // Another lane paused the subscription during the wait for the turn.
    if (isPausedSince(context.registration.state, epoch)) {
      turn.end();
      return await leaveInBacklog(sending.members, context, deps);
    }
    const circumstances = {
      subscription,
      epoch,
      probing: pause !== undefined,
      sendBy,
      endsAt: endsAt - RESERVE_MS / 2,
      turn,
      stopwatch,
      openClaims: context.openClaims,
    };
    const attempted = await attempt(sending, circumstances, deps).finally(turn.end);
    const { members } = sending;
    if (attempted === 'out-of-time') return attempted;
    // What becomes of the message is decided with its other copy.
    if (attempted === 'duplicate') {
      logDuplicates(members, deps);
      return 'settled';
    }
    if (attempted === 'claimed-apart') return { kind: 'one-by-one', members, retries };
    const { outcome } = attempted;
    // A fault of AWS is no outage of the callback, and no attempt.
    if (outcome.kind === 'unsent' && isFaultOfSecretsManager(outcome.code)) {
      throw new SecretsManagerFailed(outcome.code);
    }
    const endedAt = attempted.at + attempted.durationMs;
    const ages = members.map(({ delivery: { firstAt = attempted.at, ...delivery } }) =>
      ageMsOf({ ...delivery, firstAt }, endedAt),
    );
    const action = decide(attempted.outcome, subscription, {
      retries,
      ageMs: Math.min(...ages),
      members: members.length,
      durationMs: attempted.durationMs,
      random: deps.random(),
      // Only once: a rejection of the newest credentials is final.
      credentialsChanged: attempted.credentialsChanged === true && !hadOtherCredentials,
    });
    hadOtherCredentials ||= attempted.credentialsChanged === true;
    if (attempted.made) recordAttempt(sending, attempted, action, subscription, deps);
    if (action.kind === 'one-by-one') {
      // A callback that failed until its retries were used up gets each message once more, not as often again.
      const used = outcome.kind === 'failed' ? Number.POSITIVE_INFINITY : retries;
      return { kind: action.kind, members: attemptedAt(attempted.at, members), retries: used };
    }
    if (action.kind !== 'retry' || !mayStart(deps.now() + action.afterMs)) {
      return await act(action, members, attempted, { ...context, retries }, deps);
    }
    const { afterMs } = action;
    // The lane's next turn is far away: the retry waits for it in the backlog.
    if (await isTurnTooLate(afterMs, context, starts, deps)) {
      const next = attemptedAt(attempted.at, members);
      return await leaveInBacklog(withRetries(next, retries + 1), context, deps);
    }
    await stopwatch.during(() => deps.wait(afterMs));
    sending = { ...sending, members: attemptedAt(attempted.at, members) };
    // Another lane paused the subscription meanwhile. Only that lane's probe is sent now; this message waits too.
    if (isPausedSince(context.registration.state, epoch)) {
      return await leaveInBacklog(sending.members, context, deps);
    }
    const now = deps.now();
    if (sending.members.some(({ delivery }) => isTooOld(subscription, ageMsOf(delivery, now))))
      return { kind: 'too-old', members: sending.members, retries: retries + 1 };
  }
}

function logDuplicates(members: Members, { log }: Pick<AttemptDeps, 'log'>): void {
  for (const { delivery } of members) {
    const { subscription, messageId } = delivery;
    log.info('delivery.duplicate', { subscription, messageId });
  }
}

const withRetries = (members: Members, retries: number): readonly DeliveryMessage[] =>
  members.map((message) => ({ ...message, delivery: { ...message.delivery, retries } }));

/** Secrets Manager did not answer, or throttled. Nothing was sent; the message is handed back. */
class SecretsManagerFailed extends Error {
  override name = 'SecretsManagerFailed';
  readonly code: string;
  constructor(code: string) {
    super(`the credentials could not be read: ${code}`);
    this.code = code;
  }
}
