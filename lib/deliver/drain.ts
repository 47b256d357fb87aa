// A drain: the token holds its lane's message group, so it alone reads and writes the lane's backlog. It delivers the
// entries in order under the rules of queue messages, for one slice, and then sends the token of the next slice.

import type { Delivery } from '#lib/message/attribute.ts';
import { isOtherLane } from '#lib/message/lane.ts';
import { laneCountIn, requestsInLane } from '#lib/message/lane-layout.ts';
import type { Token } from '#lib/message/token.ts';
import { type BacklogEntry, removeEntries } from '#lib/state/entries.ts';
import { lanesAreMoving } from '#lib/state/lane-move.ts';
import { probeLane } from '#lib/state/lanes.ts';
import { lanesOfConfig, type Registration } from '#lib/state/registration.ts';
import { needsSlots, waitsForSlot } from '#lib/state/slow.ts';
import { passSlot, takeProbeSlot } from '#lib/state/slow-drains.ts';
import { isPausedSince, phaseOf } from '#lib/state/transitions.ts';
import { workAtOnce } from './at-once.ts';
import type { AttemptContext, Bounds } from './attempt-context.ts';
import { attemptSending } from './attempt-sending.ts';
import { nextEntries } from './entries-page.ts';
import { attemptSuspectEntry, type PoisonDeps } from './poison.ts';
import { emptyRemovedLane } from './removed-lane.ts';
import type { Sending } from './request-batch.ts';
import { sendToLane } from './send-to-lane.ts';
import type { SettleDeps } from './settle.ts';
import { handOn, openLane } from './slice-end.ts';
import { syncState } from './sync-state.ts';

export type DrainDeps = SettleDeps &
  PoisonDeps & {
    /** Length of a slice in milliseconds: messages that arrive meanwhile wait in the queue behind the token. */
    readonly sliceMs: number;
  };

/** SQS delays by whole seconds: a probe's token may arrive this much early. */
const EARLY_MS = 1_000;

/** Drains one slice of the token's lane. A token with an old drain number does nothing. Throws when AWS fails. */
export async function drain(
  token: Token,
  registration: Registration,
  bounds: Bounds,
  deps: DrainDeps,
): Promise<void> {
  const { config } = registration;
  const { lane } = token;
  if (registration.state.lanes[lane]?.drain !== token.drain || config.kind === 'absent')
    return await dropToken(registration, lane, deps);
  // A move may have begun before the item lost its order. It has to end before a lane is drained.
  if (
    (await lanesAreMoving(registration, lanesOfConfig(config), deps)) ||
    registration.state.move !== undefined
  ) {
    deps.count('TokensDropped');
    // The lane's next token is sent when the move ends. Until then another slow subscription may use the slot.
    if (registration.state.slow !== undefined) await passSlot(registration, lane, deps);
    return;
  }
  await syncState(registration, config, deps);
  if (config.kind === 'invalid' || !mayWork(registration, lane, deps.now()))
    return await dropToken(registration, lane, deps);
  // The token has no slot: it was delayed until the lane's turn, or it came after its slot had ended.
  if (waitsForSlot(registration.state, lane, deps.now()))
    return await passSlot(registration, undefined, deps);
  if (phaseOf(registration.state) === 'outage' && !(await takeProbeSlot(registration, lane, deps))) return;
  // A token of a slow subscription has a slot.
  const hasSlot = registration.state.slow !== undefined;
  const startBy = Math.min(deps.now() + deps.sliceMs, bounds.startBy ?? Number.POSITIVE_INFINITY);
  const slice = { ...bounds, startBy };
  if (lane >= laneCountIn(lanesOfConfig(config)))
    await emptyRemovedLane({ registration, config, lane }, slice, deps);
  else await deliverBacklog({ registration, config, lane, retries: 0 }, slice, deps);
  if (hasSlot || registration.state.slow !== undefined) await passSlot(registration, lane, deps);
}

/** A token that comes too late may still have a slot. */
async function dropToken(registration: Registration, lane: number, deps: DrainDeps): Promise<void> {
  deps.count('TokensDropped');
  const { slow, lanes } = registration.state;
  const isGiven = needsSlots(registration.state) && (lanes[lane]?.until ?? 0) > deps.now();
  if (slow !== undefined && !isGiven) await passSlot(registration, lane, deps);
}

/** During an outage only the probe's token works, and not before its time. */
function mayWork({ state }: Registration, lane: number, now: number): boolean {
  switch (phaseOf(state)) {
    case 'going':
      return true;
    case 'outage':
      return lane === probeLane(state) && now + EARLY_MS >= (state.pause?.resumeAt ?? 0);
    case 'stopped':
      return false;
  }
}

async function deliverBacklog(context: AttemptContext, bounds: Bounds, deps: DrainDeps): Promise<void> {
  const { registration, config, lane } = context;
  for (;;) {
    const atOnce = requestsAtOnce(context);
    // After a probe, more may be under way at once than during it.
    const isProbe = atOnce < requestsInLane(lane, lanesOfConfig(config));
    const few = isProbe || registration.state.slow !== undefined;
    const sendings = await nextEntries(context, { ...bounds, atOnce, few }, deps);
    if (sendings.length === 0) return await openLane(registration, lane, deps);
    const settled: BacklogEntry[] = [];
    let next = 'on' as 'on' | 'hand-on' | 'stop';
    try {
      await workAtOnce(sendings, atOnce, async (sending) => {
        const after = await deliverEntries(sending, settled, { context, bounds }, deps);
        // A pause by one of several requests stops the slice, whatever the others say.
        if (next !== 'stop' && after !== 'on') next = after;
        return after === 'on';
      });
    } finally {
      // Entries that were settled before an error are removed too.
      await removeEntries(registration.id, lane, settled, deps);
      if (settled.length > 0) deps.count('Drained', settled.length);
    }
    if (next === 'stop') return;
    if (next === 'hand-on') return await handOn(context, deps);
  }
}

/** How many requests may be under way at once. A probe is one request. After a crash `nextEntries` returns only one. */
function requestsAtOnce({ registration, config, lane }: AttemptContext): number {
  if (phaseOf(registration.state) !== 'going') return 1;
  return requestsInLane(lane, lanesOfConfig(config));
}

/** Attempts the entries of one request. Returns whether the slice goes on, ends and hands the lane on, or stops. */
async function deliverEntries(
  sending: Sending,
  settled: BacklogEntry[],
  { context, bounds }: { readonly context: AttemptContext; readonly bounds: Bounds },
  deps: DrainDeps,
): Promise<'on' | 'hand-on' | 'stop'> {
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
  { context, bounds }: { readonly context: AttemptContext; readonly bounds: Bounds },
  deps: DrainDeps,
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
