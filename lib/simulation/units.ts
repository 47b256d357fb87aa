// The units of DynamoDB that a simulated stage uses: of its tables, and of the keys that are read or written most, because a
// partition has limits of its own. It counts, and throttles nothing.
import { QUOTAS } from '#lib/scale/quotas.ts';

/** A key that is in one partition: a topic in the index, the item or the state of a subscription, the backlog of a lane. */
const KEYS = {
  topic: { name: 'reads of one topic', limit: QUOTAS.partitionReads },
  item: { name: "reads of one subscription's item", limit: QUOTAS.partitionReads },
  state: { name: "reads of one subscription's state", limit: QUOTAS.partitionReads },
  lane: { name: 'writes into the backlog of one lane', limit: QUOTAS.partitionWrites },
} as const;
/** The quotas of an account, which AWS raises on request. Reads by topic count for the table, as those of its items do. */
const TABLES = {
  subscriptions: 'reads of the table of subscriptions',
  stateReads: 'reads of the table of states',
  stateWrites: 'writes of the table of states',
} as const;

type Key = keyof typeof KEYS;
export type UsedUnits = {
  readonly name: string;
  /** 1 is all of the limit. It can be more: nothing is throttled. */
  readonly share: number;
  readonly canBeRaised: boolean;
};
export type Units = {
  /** Units of a key, which count for its table too. */
  add(table: keyof typeof TABLES, kind: Key, key: string | number, units: number): void;
  /** Units of a table, of keys that are used once. */
  addOnce(table: keyof typeof TABLES, units: number): void;
  /** The used share of each limit in the counted time. */
  used(seconds: number): readonly UsedUnits[];
};

/** Nothing used yet. `counts`: whether the present moment counts. */
export function createUnits(counts: () => boolean): Units {
  const ofTables = { subscriptions: 0, stateReads: 0, stateWrites: 0 };
  const ofKeys: Readonly<Record<Key, Map<string | number, number>>> = {
    topic: new Map(),
    item: new Map(),
    state: new Map(),
    lane: new Map(),
  };
  const addOnce: Units['addOnce'] = (table, units) => {
    if (counts()) ofTables[table] += units;
  };

  return {
    addOnce,
    add(table, kind, key, units) {
      addOnce(table, units);
      if (counts()) ofKeys[kind].set(key, (ofKeys[kind].get(key) ?? 0) + units);
    },
    used(seconds) {
      const tables = (Object.keys(TABLES) as (keyof typeof TABLES)[]).map((table) => ({
        ...{ name: TABLES[table], canBeRaised: true },
        share: ofTables[table] / seconds / QUOTAS.tableUnits,
      }));
      const keys = (Object.keys(KEYS) as Key[]).map((kind) => {
        let most = 0;
        for (const units of ofKeys[kind].values()) most = Math.max(most, units);
        const { name, limit } = KEYS[kind];
        return { name, share: most / seconds / limit, canBeRaised: false };
      });
      return [...tables, ...keys];
    },
  };
}
