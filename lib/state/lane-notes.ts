// Who sends to lanes notes first, in the subscription's state, which lanes it uses. So `deliver` also knows the lanes of an
// item that it never saw, because the item was changed back: it moves what was sent there before it delivers anything else.
// What a note says may be used for as long as a move waits before it looks for messages (staleLanesMs).
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import type { LaneLayout } from '#lib/message/lane-layout.ts';
import type { TokenDeps } from '#lib/queue/tokens.ts';
import type { Log } from '#lib/telemetry/log.ts';
import { stateKey } from './keys.ts';
import { lanesNoted, sendMoveTokens } from './lane-move.ts';
import { parseState, type State } from './state.ts';
import { changeState, type StateDeps } from './state-item.ts';
import type { Table } from './table.ts';

export type LaneUser = { readonly id: string; readonly lanes: LaneLayout };

export type LaneNotes = {
  /**
   * The lanes into which each subscription's messages may be sent now, by id; they are noted. Throws when DynamoDB fails, or
   * takes too long: then nothing may be sent.
   */
  lanesToUse(users: readonly LaneUser[]): Promise<ReadonlyMap<string, LaneLayout>>;
};

export type LaneNoteDeps = StateDeps &
  TokenDeps & {
    readonly stateTable: Pick<Table, 'getAll'>;
    /** The lanes that an item has now, read consistently; undefined without an item. */
    readonly readLanes: (id: string) => Promise<LaneLayout | undefined>;
    readonly log: Log;
    /** Milliseconds for which lanes are used without another look at the state. */
    readonly cacheMs: number;
    /** Milliseconds after a note, or after a look at the state, in which messages may still be sent by it. */
    readonly staleLanesMs: number;
  };

/** A note that was made, or was found to be there, for the lanes that an item was said to have. */
type Noted = { readonly said: LaneLayout; readonly use: Promise<LaneLayout>; readonly until: number };

const MOST_KEPT = 20_000;
/** Several functions may note other lanes, or close lanes, at the same time. One of them succeeds in each round. */
const ROUNDS = 32;

/** Makes the notes of one environment. It looks at the state of an ordered subscription once in `cacheMs`. */
export function createLaneNotes(deps: LaneNoteDeps): LaneNotes {
  const { stateTable, now, cacheMs, staleLanesMs } = deps;
  const kept = new Map<string, Noted>();

  /** States are read in one call for all messages that ask within one turn of the event loop. */
  let waiting:
    | { readonly ids: Set<string>; readonly states: Promise<ReadonlyMap<unknown, unknown>> }
    | undefined;
  async function readGathered(ids: ReadonlySet<string>): Promise<ReadonlyMap<unknown, unknown>> {
    await new Promise((resolve) => setImmediate(resolve));
    waiting = undefined;
    const items = await stateTable.getAll([...ids].map(stateKey), { consistent: true });
    return new Map(items.map((item) => [item.pk, item]));
  }

  function lookAt(user: LaneUser): Promise<LaneLayout> {
    const { id, lanes: said } = user;
    const until = now() + cacheMs;
    if (waiting === undefined) {
      const ids = new Set<string>();
      waiting = { ids, states: readGathered(ids) };
    }
    const { ids, states } = waiting;
    ids.add(id);
    const use = states
      .then((items) => noted(user, parseState(items.get(stateKey(id).pk)), deps))
      .then((lanes) => {
        // The rest of the time is for the send.
        if (now() < until + (staleLanesMs - cacheMs) / 2) return lanes;
        throw new Error(`the lanes of subscription ${id} were found too late to send by them`);
      });
    const entry = { said, use, until };
    kept.delete(id);
    kept.set(id, entry);
    use.catch(() => {
      if (kept.get(id) === entry) kept.delete(id);
    });
    forgetOldest(kept, MOST_KEPT);
    return use;
  }

  return {
    async lanesToUse(users) {
      const uses = new Map<string, Promise<LaneLayout>>();
      for (const { id, lanes } of users) {
        // Without an order there is none to keep.
        if (lanes.several) continue;
        const { said, use, until = 0 } = kept.get(id) ?? {};
        const isSaid = said?.requests === lanes.requests && said.byKey === lanes.byKey;
        uses.set(id, use !== undefined && isSaid && until > now() ? use : lookAt({ id, lanes }));
      }
      const using = [...uses].map(async ([id, use]) => [id, await use] as const);
      return new Map(await Promise.all(using));
    },
  };
}

/**
 * Notes the lanes of a subscription where the state has others, and returns them. The item that the caller knows may be a
 * few seconds old, so the item is read again first, after the state: a note is written only over this state.
 */
async function noted(
  { id, lanes }: LaneUser,
  read: State | undefined,
  deps: LaneNoteDeps,
): Promise<LaneLayout> {
  // A state that can't be read: `deliver` leaves the subscription's messages alone until a person corrects it.
  if (read === undefined) return lanes;
  const noteOf = (state: State, { requests }: LaneLayout): State | undefined =>
    lanesNoted(state, requests, deps.now(), deps.staleLanesMs);
  if (noteOf(read, lanes) === undefined) return lanes;
  let state = read;
  for (let round = 0; round < ROUNDS; round++) {
    const current = await deps.readLanes(id);
    if (current === undefined || current.several) return current ?? lanes;
    const { version } = state;
    const decide = (from: State) => (from.version === version ? noteOf(from, current) : undefined);
    const { state: after, changed } = await changeState(id, state, decide, deps);
    if (changed && after.move !== undefined) await sendMoveTokens({ id, state: after }, deps);
    if (changed || after.version === version) return current;
    state = after;
  }
  throw new Error(
    `the state of subscription ${id} was changed by others ${ROUNDS} times while its lanes were noted`,
  );
}
