// One call of redrive: reads letters page by page, selects those of the request and sends them into their lanes again,
// until none is left or time is up. A dry run counts and shows, and sends nothing.
import { randomUUID } from 'node:crypto';
import type { Fault } from '#lib/item/fault.ts';
import type { Count, Log } from '#lib/telemetry/log.ts';
import { type ChoiceDeps, createChoice } from './choice.ts';
import { type Cursor, encodeCursor } from './cursor.ts';
import { createPace } from './pace.ts';
import { pageLimitsFor } from './page-limits.ts';
import type { RedriveRequest } from './request.ts';
import { type SendDeps, sendPage } from './send.ts';
import { type Item, type Source, SourceUnreadable } from './source.ts';
import { createTally, type RedriveCounts, type Shown, type TalliedReason } from './tally.ts';

export type RedriveAnswer =
  | {
      readonly ok: true;
      /** False: call again with the cursor. */
      readonly done: boolean;
      readonly cursor?: string;
      readonly redriveId: string;
      /** Letters read in this call, and the approximate number left. */
      readonly seen: number;
      readonly left: number;
      /** Of the letters read, how many match the request. They were sent or skipped; in a dry run neither. */
      readonly matched: number;
      readonly sent: number;
      readonly skipped: Partial<Record<TalliedReason, number>>;
      readonly notes?: readonly string[];
      readonly counts?: RedriveCounts;
      readonly sample?: readonly Shown[];
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export type RedriveDeps = Omit<SendDeps, 'pace'> &
  ChoiceDeps & {
    /** Opens the request's endpoint, or says why it can't. */
    readonly open: (opening: Opening) => Promise<Source | { readonly faults: readonly Fault[] }>;
    readonly count: Count;
    readonly log: Log;
  };

export type Opening = {
  readonly request: RedriveRequest;
  readonly cursor: Cursor | undefined;
  /** Epoch milliseconds: when the redrive began, and when this call ends. */
  readonly startedAt: number;
  readonly endsAt: number;
};

/** The note when letters were skipped as `not-of-endpoint`. */
const NOT_OF_ENDPOINT =
  'Some dead letters are of subscriptions whose dlq is not this endpoint. They stay. If the dlq of a subscription was changed, name the subscription and use movedDlq.';

/** Carries out the request, or says why not. Throws when AWS fails, after making unsent messages visible again. */
export async function redrive(
  request: RedriveRequest,
  { endsAt: latest }: { readonly endsAt: number },
  deps: RedriveDeps,
): Promise<RedriveAnswer> {
  const { cursor, dryRun } = request;
  const begunAt = deps.now();
  const startedAt = cursor?.startedAt ?? begunAt;
  const redriveId = request.redriveId ?? randomUUID();
  const endsAt = Math.min(latest, begunAt + (request.maxSeconds ?? Number.POSITIVE_INFINITY) * 1000);
  const tally = createTally(request);
  let source: Source;
  try {
    const opened = await deps.open({ request, cursor, startedAt, endsAt });
    if ('faults' in opened) return { ok: false, faults: opened.faults };
    source = opened;
  } catch (error) {
    return refusal(error);
  }

  const pace = createPace(request.ratePerSecond, deps);
  const choice = createChoice({ request, redriveId, startedAt, tally }, deps);
  const sentIds = new Set<string>();
  const limit = cursor === undefined ? request.limit : cursor.left;
  let left = limit ?? Number.POSITIVE_INFINITY;
  let done = false;
  let more = true;
  try {
    while (!done && left > 0 && deps.now() < endsAt) {
      const { wanted, ended } = await source.read(pageLimits(), choice.wants);
      const { items, skipped } = await choice.ofEndpoint(wanted);
      source.leave(skipped);
      if (dryRun) source.leave(items);
      // A dry run shows every letter that matches, so all of them count.
      left -= dryRun ? wanted.length : items.length;
      const unsent = dryRun ? 0 : await send(items);
      left += unsent;
      tally.unmatch(unsent);
      done = ended && unsent === 0;
      if (unsent > 0) break;
    }
    done ||= left <= 0;
    more = !done;
    return await answer();
  } catch (error) {
    // After an error the answer still reports what was sent, and the cursor.
    if (tally.sent() === 0 || !(error instanceof SourceUnreadable)) return refusal(error);
    return await answer(`It was broken off: ${error.message}`);
  } finally {
    await source.close({ more });
    deps.log.info('redrive.called', {
      redriveId,
      endpoint: request.endpoint,
      dryRun,
      done,
      matched: tally.matched(),
      sent: tally.sent(),
    });
  }

  function pageLimits() {
    return pageLimitsFor({ begunAt, now: deps.now(), endsAt, sent: tally.sent(), left }, request);
  }

  /** Returns how many letters are unsent, because time is up or SQS takes none. */
  async function send(items: readonly Item[]): Promise<number> {
    let unsent = items.length;
    await sendPage(
      { redriveId, items, targets: choice.targets, sent: sentIds, until: endsAt },
      async ({ kind, items: some }) => {
        unsent -= some.length;
        if (kind === 'sent') tally.send(some.length);
        else tally.skip(kind, some.length);
        if (kind === 'refused') return source.leave(some);
        if (kind === 'sent') deps.count('DeadLettersReplayed', some.length);
        const stayed = await source.settle(some);
        if (stayed > 0) deps.log.warn('redrive.not-removed', { redriveId, letters: stayed });
      },
      { ...deps, pace },
    );
    return unsent;
  }

  async function answer(brokenOff?: string): Promise<RedriveAnswer> {
    const { seen, left: remaining } = await source.progress();
    const notes = [...source.notes, ...(brokenOff === undefined ? [] : [brokenOff])];
    if (tally.skipped['not-of-endpoint'] !== undefined) notes.push(NOT_OF_ENDPOINT);
    const partitions = source.partitions();
    const next: Cursor = {
      v: 1,
      fingerprint: request.fingerprint,
      redriveId,
      startedAt,
      ...(limit !== undefined && { left }),
      ...(partitions !== undefined && { partitions }),
    };
    return {
      ok: true,
      done: !more,
      ...(more && { cursor: encodeCursor(next) }),
      redriveId,
      seen,
      left: remaining,
      matched: tally.matched(),
      sent: tally.sent(),
      skipped: tally.skipped,
      ...(notes.length > 0 && { notes }),
      ...(dryRun && { counts: tally.counts, sample: tally.sample }),
    };
  }
}

/** An unreadable endpoint is an answer for the caller; any other error is a bug or a fault of AWS. */
function refusal(error: unknown): RedriveAnswer {
  if (!(error instanceof SourceUnreadable)) throw error;
  return { ok: false, faults: [{ path: 'endpoint', reason: error.message }] };
}
