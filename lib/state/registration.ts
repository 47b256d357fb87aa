// A subscription as `deliver` reads it: its item, the endpoint that the item names, and its state. Each batch reads all
// anew, strongly consistent, so the next batch sees a change. An item that is the same as before is not parsed again. Only a
// too large item is not even read again, for at most 10 s.
import * as z from 'zod';
import { faultOfNaming, itemNamedBy, readEndpointItem } from '#lib/endpoint/directory.ts';
import type { EndpointRules } from '#lib/endpoint/schema.ts';
import type { Fault } from '#lib/item/fault.ts';
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import { hashOfItem } from '#lib/item/hash.ts';
import { isObject } from '#lib/item/json.ts';
import { type LaneLayout, ONE_LANE } from '#lib/message/lane-layout.ts';
import { lanesIn, lanesOf } from '#lib/subscription/lanes.ts';
import { parseSubscription, type SubscriptionRules } from '#lib/subscription/schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { stateKey } from './keys.ts';
import type { LaneTurns } from './lane-turns.ts';
import type { SlicePace } from './slow.ts';
import { parseState, type State } from './state.ts';
import type { Tables } from './table.ts';

export type ConfigItem =
  | { readonly kind: 'valid'; readonly subscription: Subscription; readonly itemHash: string }
  | {
      readonly kind: 'invalid';
      readonly faults: readonly Fault[];
      readonly itemHash: string;
      /** Lanes that `route` uses for it. */
      readonly lanes: LaneLayout;
      /** Whether the item was not parsed, because it is too large. */
      readonly isTooLarge?: boolean;
    }
  | { readonly kind: 'absent' };

/**
 * A subscription as it was read for one batch or one request: its config item, and its state as it changes meanwhile. All
 * lanes of a batch share one, so that each sees at once when another pauses the subscription.
 */
export type Registration = {
  readonly id: string;
  readonly config: ConfigItem;
  state: State;
  /** How long the exchanges since the batch began took, until a drain writes it into the state. */
  pace?: SlicePace;
  /** The turns of its lanes that the batch works on, where it has a rate. */
  turns?: Map<number, LaneTurns>;
};

/** The lanes that the subscription has. A wrong item has those that `route` reads in it, without parsing it. */
export const lanesOfConfig = (config: Exclude<ConfigItem, { kind: 'absent' }>): LaneLayout =>
  config.kind === 'valid' ? lanesOf(config.subscription) : config.lanes;

export type Registrations = {
  /** Reads at most ten subscriptions. Throws when DynamoDB fails, or does not answer for all. */
  readAll(ids: readonly string[]): Promise<ReadonlyMap<string, Registration>>;
  /** Reads one config item with its endpoint. Throws when DynamoDB fails. */
  readConfig(id: string): Promise<ConfigItem>;
};

type Deps = {
  readonly tables: Tables<'subscriptionsTable' | 'endpointsTable' | 'stateTable'>;
  readonly rules: SubscriptionRules & EndpointRules;
  readonly now: () => number;
};

const MOST_REMEMBERED = 1_000;
/** Parsed items, of 64 KB at most, for their memory. */
const MOST_PARSED = 250;

/**
 * Milliseconds for which an item that is too large is not read again. Reading one takes a twentieth of a second, and each
 * message of its topic would make every function read it.
 */
const LARGE_ITEM_MS = 10_000;

/**
 * Makes the reader of registrations. It remembers which endpoint each subscription named last, which items were too large,
 * and the last items with what they say, and nothing else.
 */
export function createRegistrations({ tables, rules, now }: Deps): Registrations {
  // The endpoint that a subscription named last time is read in the same call. This is a guess, not a cache: if the item
  // names another endpoint now, that one is read too.
  const guesses = new Map<string, string>();

  const large = new Map<string, { readonly reading: ConfigItem; readonly until: number }>();

  const parsed = new Map<string, ConfigItem>();

  function remember(id: string, reading: ConfigItem): void {
    keep(parsed, id, reading.kind === 'absent' ? undefined : reading, MOST_PARSED);
    keep(guesses, id, endpointNamedIn(reading));
    const isLarge = reading.kind === 'invalid' && reading.isTooLarge === true;
    keep(large, id, isLarge ? { reading, until: now() + LARGE_ITEM_MS } : undefined);
  }

  /**
   * The items of subscriptions, parsed. One that was too large a moment ago is not read while its subscription is paused
   * for that: any function that sees another item resumes the subscription.
   */
  async function readItems(ids: readonly string[]) {
    const skipped = new Set(ids.filter((id) => (large.get(id)?.until ?? 0) > now()));
    const guessed = new Set(ids.flatMap((id) => guesses.get(id) ?? []));
    const found = await tables.readTogether({
      subscriptionsTable: ids.filter((id) => !skipped.has(id)).map((id) => ({ id })),
      stateTable: ids.map(stateKey),
      endpointsTable: keysOf(guessed),
    });
    const states = new Map((found.stateTable ?? []).map((item) => [item.pk, item]));
    const stateOf = (id: string) => parseState(states.get(stateKey(id).pk));
    const changed = [...skipped].filter((id) => {
      const { reading } = large.get(id) ?? {};
      return reading?.kind !== 'invalid' || stateOf(id)?.pause?.itemHash !== reading.itemHash;
    });
    const more = await tables.subscriptionsTable.getAll(
      changed.map((id) => ({ id })),
      { consistent: true },
    );
    const items = new Map([...(found.subscriptionsTable ?? []), ...more].map((item) => [item.id, item]));
    const readings = ids.map((id) => {
      const known = skipped.has(id) && !changed.includes(id) ? large.get(id)?.reading : undefined;
      if (known !== undefined) return { id, reading: known };
      const reading = readingOf(items.get(id), rules, parsed.get(id));
      remember(id, reading);
      return { id, reading };
    });
    return { readings, stateOf, guessed, endpoints: found.endpointsTable ?? [] };
  }

  return {
    async readAll(ids) {
      const { readings, stateOf, guessed, endpoints: known } = await readItems(ids);
      const named = new Set(readings.flatMap(({ reading }) => endpointNamedIn(reading) ?? []));
      const unread = new Set([...named].filter((name) => !guessed.has(name)));
      const more = await tables.endpointsTable.getAll(keysOf(unread), { consistent: true });
      const endpoints = new Map([...known, ...more].map((item) => [item.name, item]));

      const registrations = new Map<string, Registration>();
      for (const { id, reading } of readings) {
        const state = stateOf(id);
        // One unreadable state must not delay the others of the batch: only its own messages wait (lane.ts).
        if (state === undefined) continue;
        registrations.set(id, {
          id,
          config: configOf(reading, endpoints.get(endpointNamedIn(reading)), rules),
          state,
        });
      }
      return registrations;
    },

    async readConfig(id) {
      const reading = readingOf(await tables.subscriptionsTable.get({ id }, z.unknown()), rules);
      const name = endpointNamedIn(reading);
      const endpoint = name && (await readEndpointItem(name, tables));
      return configOf(reading, endpoint, rules);
    },
  };
}

/** Keeps the newest values, and forgets the oldest. */
function keep<T>(kept: Map<string, T>, id: string, value: T | undefined, most = MOST_REMEMBERED): void {
  kept.delete(id);
  if (value !== undefined) kept.set(id, value);
  forgetOldest(kept, most);
}

const keysOf = (names: ReadonlySet<string>) => [...names].map((name) => ({ name }));

/** Parses the item alone, without its endpoint, unless it is the one that was parsed last. */
function readingOf(item: unknown, rules: SubscriptionRules, last?: ConfigItem): ConfigItem {
  if (item === undefined) return { kind: 'absent' };
  const itemHash = hashOfItem(item);
  if (last !== undefined && last.kind !== 'absent' && last.itemHash === itemHash) return last;
  const parsed = parseSubscription(item, rules);
  if (parsed.ok) return { kind: 'valid', subscription: parsed.subscription, itemHash };
  const lanes = isObject(item) ? lanesIn(item) : ONE_LANE;
  const { faults, isTooLarge } = parsed;
  return { kind: 'invalid', faults, itemHash, lanes, ...(isTooLarge && { isTooLarge }) };
}

/** The endpoint whose item has to exist; undefined without a dlq and for `undeliverable`. */
function endpointNamedIn(reading: ConfigItem): string | undefined {
  return reading.kind === 'valid' ? itemNamedBy(reading.subscription) : undefined;
}

/** A missing or invalid endpoint, or one of another tenant, is a fault of the subscription that names it. */
function configOf(reading: ConfigItem, endpoint: unknown, rules: EndpointRules): ConfigItem {
  if (reading.kind !== 'valid' || endpointNamedIn(reading) === undefined) return reading;
  const fault = faultOfNaming(endpoint, reading.subscription, rules);
  if (fault === undefined) return reading;
  return {
    kind: 'invalid',
    faults: [fault],
    // Hash of both: a changed endpoint counts as a change of the subscription.
    itemHash: hashOfItem([reading.itemHash, endpoint]),
    lanes: lanesOf(reading.subscription),
  };
}
