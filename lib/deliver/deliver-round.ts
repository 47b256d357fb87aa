// One round of a drain: the requests of a few backlog entries. Those that are settled are removed before the next round.
import type { Delivery } from '#lib/message/attribute.ts';
import { isOtherLane } from '#lib/message/lane.ts';
import { type BacklogEntry, removeEntries } from '#lib/state/entries.ts';
import { lanesOfConfig, type Registration } from '#lib/state/registration.ts';
import { isPausedSince } from '#lib/state/transitions.ts';
import { workAtOnce } from './at-once.ts';
import type { AttemptContext, Bounds } from './attempt-context.ts';
import { attemptSending } from './attempt-sending.ts';
import { attemptSuspectEntry, type PoisonDeps } from './poison.ts';
import type { Sending } from './request-batch.ts';
import { sendToLane } from './send-to-lane.ts';
import type { SettleDeps } from './settle.ts';

export type RoundDeps = SettleDeps & PoisonDeps;

/** Whether the slice goes on, ends and hands the lane on, or stops. */
type AfterEntries = 'on' | 'hand-on' | 'stop';
type Circumstances = { readonly context: AttemptContext; readonly bounds: Bounds };

/**
 * Attempts the entries of several requests, so many at once, and removes those that are settled. Returns whether the slice goes
 * on, ends and hands the lane on, or stops. Throws when AWS fails.
 */
export async function deliverRound(
  round: readonly Sending[],
  atOnce: number,
  { context, bounds }: Circumstances,
  deps: RoundDeps,
): Promise<AfterEntries> {
  const { registration, lane } = context;
  const settled: BacklogEntry[] = [];
  let next = 'on' as AfterEntries;
  try {
    await workAtOnce(round, atOnce, async (sending) => {
      const after = await deliverEntries(sending, settled, { context, bounds }, deps);
      // A pause by one of several requests stops the slice, whatever the others say.
      if (next !== 'stop' && after !== 'on') next = after;
      return after === 'on';
    });
    return next;
  } finally {
    // Entries that were settled before an error are removed too.
    await removeEntries(registration.id, lane, settled, deps);
    if (settled.length > 0) deps.count('Drained', settled.length);
  }
}

/** Attempts the entries of one request. */
async function deliverEntries(
  sending: Sending,
  settled: BacklogEntry[],
  { context, bounds }: Circumstances,
  deps: RoundDeps,
): Promise<AfterEntries> {
  const { registration, config, lane } = context;
  const { epoch } = registration.state;
  const entries = sending.members.flatMap(({ entry }) => entry ?? []);
  const lanes = lanesOfConfig(config);
  // These entries belong to another lane: a `route` that still used the older item sent them just after the move. The rest of
  // the request is read again.
  const misplaced = entries.filter((entry) => isOtherLane(entry.delivery, lane, lanes));
  if (misplaced.length > 0) {
    for (const entry of misplaced) {
      await sendToLane(entry, { lanes, event: 'delivery.moved' }, deps);
      deps.count('DeliveriesMoved');
      settled.push(entry);
    }
    const isLate = deps.now() > (bounds.startBy ?? bounds.endsAt);
    return isLate || misplaced.length < entries.length ? 'hand-on' : 'on';
  }
  const [{ delivery }] = sending.members;
  let count = 0;
  const onSettled = async (more: number): Promise<void> => {
    settled.push(...entries.slice(count, count + more));
    count += more;
  };
  const whole = { ...context, retries: retriesOf(registration, delivery) };
  const done = await startEntries(sending, onSettled, { context: whole, bounds }, deps);
  if (done === 'out-of-time') return 'hand-on';
  // A pause has made this token's number invalid and has sent the probe's token.
  if (isPausedSince(registration.state, epoch)) return 'stop';
  return done === 'settled' ? 'on' : 'hand-on';
}

/** Attempts the entries. After a crash, each is a suspect and alone: it is charged with a further crash, not the token. */
async function startEntries(
  sending: Sending,
  onSettled: (entries: number) => Promise<void>,
  { context, bounds }: Circumstances,
  deps: RoundDeps,
) {
  const [{ entry }] = sending.members;
  if (!bounds.suspicious || entry === undefined)
    return await attemptSending(sending, onSettled, { context, bounds }, deps);
  const attempt = () => attemptSending(sending, async () => {}, { context, bounds }, deps);
  const done = await attemptSuspectEntry(entry, context, { ...deps, attempt });
  if (done === 'settled') await onSettled(1);
  return done;
}

/**
 * A probe is one request without retries, unless it is itself a retry of the `retry` block. A message that was parked
 * because its subscription is slow has the retries that it had before.
 */
function retriesOf({ state: { pause } }: Registration, delivery: Delivery): number {
  if (pause === undefined) return delivery.retries ?? 0;
  const retrying = pause.failures === 0 && pause.head?.messageId === delivery.messageId;
  return retrying ? (pause.head?.retries ?? 0) : Number.POSITIVE_INFINITY;
}
