// The next entries of a lane's backlog, as the requests that they go in. Requests are grouped into rounds: what is settled in a
// round is removed before the next one begins.
import { type BacklogEntry, type EntryDeps, entriesOfBytes, firstEntries } from '#lib/state/entries.ts';
import type { AttemptContext, Bounds } from './attempt-context.ts';
import { requestsInTurn, type Sending } from './request-batch.ts';

type PageDeps = EntryDeps & { readonly stage: string };

/**
 * Entries read at a time without `batch`, and in a round. A crash repeats at most this many, or the requests that were under
 * way at once.
 */
const PAGE = 10;
/** After this many failed probes with a batch, its first message is tried alone: it may be the fault. */
const PROBES_OF_A_BATCH = 3;

type Rounds = readonly (readonly Sending[])[];

/**
 * Reads the requests that a drain makes next, in order, as rounds; none means an empty lane. `few`: only as many as may be
 * under way at once. Throws when DynamoDB fails.
 */
export async function nextEntries(
  context: AttemptContext,
  { suspicious, atOnce, few }: Bounds & { readonly atOnce: number; readonly few: boolean },
  deps: PageDeps,
): Promise<Rounds> {
  const { registration, lane, config } = context;
  const { subscription } = config;
  const { state } = registration;
  const { batch } = subscription;
  const isStuck = batch !== undefined && (state.pause?.head?.probes ?? 0) >= PROBES_OF_A_BATCH;
  // After a crash one at a time: an entry must not be charged with a crash that another one caused.
  if (suspicious || isStuck)
    return roundsOf(await requestsOf(await firstEntries(registration.id, lane, 1, deps)));
  if (batch === undefined)
    return roundsOf(await requestsOf(await firstEntries(registration.id, lane, few ? atOnce : PAGE, deps)));
  const limits = { limit: batch.maxMessages * atOnce, bytes: batch.maxBytes * atOnce };
  const { entries, isAll } = await entriesOfBytes(registration.id, lane, limits, deps);
  const requests = await requestsOf(entries);
  if (few) return roundsOf(requests);
  // The last one may have more members than were read.
  return roundsOf(isAll || requests.length <= 1 ? requests : requests.slice(0, -1));

  async function requestsOf(read: readonly BacklogEntry[]): Promise<readonly Sending[]> {
    const messages = read.map((entry) => {
      const { delivery, body, sequence } = entry;
      return { delivery, body, sequence, entry };
    });
    const { stage } = deps;
    return await requestsInTurn(messages, subscription, { stage, ...(few && { most: atOnce }) });
  }

  function roundsOf(requests: readonly Sending[]): Rounds {
    const rounds: Sending[][] = [];
    let entries = 0;
    for (const request of requests) {
      const round = rounds.at(-1);
      const isFull =
        round === undefined || (entries + request.members.length > PAGE && round.length >= atOnce);
      if (isFull) {
        rounds.push([request]);
        entries = 0;
      } else round.push(request);
      entries += request.members.length;
    }
    return rounds;
  }
}
