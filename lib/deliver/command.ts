// Commands of a person or of the sweep about a lane's head, an entry, a held message or a whole lane. A command travels as
// a token in the lane, so it runs under the lane's message group. Running it twice has the effect of running it once.

import type { DeadLetter } from '#lib/message/attribute.ts';
import type { Command, Token } from '#lib/message/token.ts';
import { type DeadLetterDeps, sendDeadLetter } from '#lib/queue/dead-letters.ts';
import { sendToken } from '#lib/queue/tokens.ts';
import { sendDeliveryToUndeliverable, type UndeliverableDeps } from '#lib/queue/undeliverable.ts';
import { change } from '#lib/state/change.ts';
import type { DrainStartDeps } from '#lib/state/drains.ts';
import {
  type BacklogEntry,
  type EntryDeps,
  entryBy,
  firstEntries,
  removeEntries,
} from '#lib/state/entries.ts';
import { dropHeld, type Held, readHeld } from '#lib/state/held.ts';
import { laneOpened } from '#lib/state/lanes.ts';
import { lanesOfConfig, type Registration } from '#lib/state/registration.ts';
import { type Bounds, RESERVE_MS } from './attempt-context.ts';
import type { MoveCommand } from './move-lane.ts';
import { sendToLane } from './send-to-lane.ts';
import type { SettleDeps } from './settle.ts';

export type CommandDeps = DrainStartDeps &
  EntryDeps &
  DeadLetterDeps &
  UndeliverableDeps &
  Pick<SettleDeps, 'count' | 'queues'> & {
    /** Length of a slice in milliseconds: a further token does the rest. */
    readonly sliceMs: number;
  };

const PAGE = 25;

/** A command's lane. No work on it begins after `until`, epoch milliseconds. */
type Place = { readonly registration: Registration; readonly lane: number; readonly until: number };

/** Runs a token's command in its lane; move-lane.ts moves lanes. Throws when AWS fails: then SQS hands the token out again. */
export async function obey(
  command: Exclude<Command, MoveCommand>,
  token: Token,
  registration: Registration,
  { endsAt }: Bounds,
  deps: CommandDeps,
): Promise<void> {
  const until = Math.min(deps.now() + deps.sliceMs, endsAt - RESERVE_MS);
  const place = { registration, lane: token.lane, until };
  switch (command.do) {
    case 'skip':
    case 'dead-letter':
      return await endEntry(command, place, deps);
    case 'send-held':
      return await sendHeld(command, registration, deps);
    case 'discard-held': {
      const held = await readHeld(registration.id, command.messageId, deps);
      if (held === undefined || isAnother(held, command)) return;
      deps.log.warn('held.discarded', { subscription: registration.id, messageId: command.messageId });
      return await dropHeld(registration.id, held, deps);
    }
    case 'expire-held':
      return await expireHeld(command, place, deps);
    case 'purge':
      // The config item may have come back since the command was sent.
      if (registration.config.kind !== 'absent') return;
      return await emptyLane(
        { before: Number.POSITIVE_INFINITY, reason: 'unsubscribed' },
        token,
        place,
        deps,
      );
    case 'expire':
      return await emptyLane({ before: command.before, reason: 'expired' }, token, place, deps);
    default:
      return command satisfies never;
  }
}

type CommandTo<Do extends Command['do']> = Extract<Command, { do: Do }>;

async function endEntry(
  { do: what, entry: name }: CommandTo<'skip' | 'dead-letter'>,
  { registration, lane }: Place,
  deps: CommandDeps,
): Promise<void> {
  const entry = await entryBy(registration.id, lane, name, deps);
  if (entry === undefined) return;
  if (what === 'dead-letter') await awayWith(entry, { reason: 'asked' }, registration, deps);
  else {
    deps.count('Dropped');
    const { messageId } = entry.delivery;
    deps.log.warn('delivery.skipped', { subscription: registration.id, messageId, lane });
  }
  await removeEntries(registration.id, lane, [entry], deps);
}

async function sendHeld(
  command: CommandTo<'send-held'>,
  registration: Registration,
  deps: CommandDeps,
): Promise<void> {
  const held = await readHeld(registration.id, command.messageId, deps);
  if (held === undefined || registration.config.kind === 'absent' || isAnother(held, command)) return;
  // A replay id of its own gives it a claim of its own: its old claim would refuse it. The id is the same when this
  // command runs twice, so that one held message is sent once.
  // A person has chosen it, so no filter applies.
  // Its age counts from the first attempt of this replay.
  const { firstAt: _, ...rest } = held.delivery;
  const delivery = { ...rest, attempt: 1, direct: true as const, replayId: `held-${held.at}` };
  const lanes = lanesOfConfig(registration.config);
  await sendToLane({ delivery, body: held.body }, { lanes, event: 'held.sent' }, deps);
  await dropHeld(registration.id, held, deps);
}

async function expireHeld(
  { messageIds, before }: CommandTo<'expire-held'>,
  { registration, until }: Place,
  deps: CommandDeps,
): Promise<void> {
  for (const messageId of messageIds) {
    // The next sweep finds the rest.
    if (deps.now() > until) return;
    const held = await readHeld(registration.id, messageId, deps);
    // The message may have been sent since, and be held again.
    if (held === undefined || held.at > before) continue;
    const { status, code } = held;
    const fate = {
      outcome: held.reason === 'lost' ? 'unknown' : held.reason,
      ...(status !== undefined && { status }),
      ...(code !== undefined && { code }),
    } as const;
    await awayWith(held, { reason: 'expired', ...fate }, registration, deps);
    await dropHeld(registration.id, held, deps);
  }
}

type Away = { readonly reason: 'asked' | 'expired' | 'unsubscribed' } & Partial<
  Pick<DeadLetter, 'outcome' | 'status' | 'code'>
>;

/** Makes a dead letter of the message. Without a dlq, or without its subscription, it goes to `undeliverable`. */
async function awayWith(
  message: BacklogEntry | Held,
  { reason, ...fate }: Away,
  { id, config }: Registration,
  deps: CommandDeps,
): Promise<void> {
  if (reason === 'expired') deps.count('Expired');
  const { dlq, tenant } = config.kind === 'valid' ? config.subscription : {};
  if (dlq && reason !== 'unsubscribed') {
    await sendDeadLetter(message, { endpoint: dlq.endpoint, tenant, reason, at: deps.now(), ...fate }, deps);
    return;
  }
  const where = fate.outcome === undefined ? 'from the backlog of' : 'held for';
  await sendDeliveryToUndeliverable(message, { reason, detail: `${where} subscription ${id}` }, deps);
}

/** Sends away the entries that were parked before a time, for one slice, and opens the lane when it is empty. */
async function emptyLane(
  { before, reason }: Away & { readonly before: number },
  token: Token,
  { registration, lane, until }: Place,
  deps: CommandDeps,
): Promise<void> {
  for (;;) {
    const page = await firstEntries(registration.id, lane, PAGE, deps);
    const old = page.filter(({ parkedAt }) => parkedAt < before);
    const gone: BacklogEntry[] = [];
    for (const entry of old) {
      if (deps.now() > until) break;
      await awayWith(entry, { reason }, registration, deps);
      gone.push(entry);
    }
    await removeEntries(registration.id, lane, gone, deps);
    // Another drain number: SQS would drop the token as a duplicate.
    if (gone.length < old.length) return await sendToken({ ...token, drain: token.drain + 1 }, deps);
    if (page.length === 0) {
      const drain = registration.state.lanes[lane]?.drain ?? 0;
      await change(registration, (state) => laneOpened(state, lane, drain), deps);
    }
    if (old.length === 0 || old.length < page.length) return;
  }
}

/** The message was sent after the command was given and is held again: the command is not about this one. */
const isAnother = (held: Held, { heldAt }: { readonly heldAt?: number | undefined }): boolean =>
  heldAt !== undefined && heldAt !== held.at;
