// A subscription as `deliver` reads it: its config item, the endpoint that the item names, and its state. All are read
// together, strongly consistent, once a batch and without a cache, so a change counts from the next batch on.
import * as z from 'zod';
import { faultOfNaming, readEndpointItem } from '#lib/endpoint/directory.ts';
import { UNDELIVERABLE } from '#lib/endpoint/endpoint.ts';
import type { Fault } from '#lib/item/fault.ts';
import { hashOfItem } from '#lib/item/hash.ts';
import { parseSubscription, type SubscriptionRules } from '#lib/subscription/schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { stateKey } from './keys.ts';
import { parseState, type State } from './state.ts';
import type { Tables } from './table.ts';

export type ConfigItem =
  | { readonly kind: 'valid'; readonly subscription: Subscription; readonly itemHash: string }
  | {
      readonly kind: 'invalid';
      readonly faults: readonly Fault[];
      readonly itemHash: string;
      /** Lanes that `route` uses for it: an item that can't be parsed has one. */
      readonly lanes: number;
    }
  | { readonly kind: 'absent' };

/**
 * A subscription as it was read for one batch or one request: its config item, and its state as it changes meanwhile. All
 * lanes of a batch share one, so that each sees at once when another pauses the subscription.
 */
export type Registration = { readonly id: string; readonly config: ConfigItem; state: State };

/** How many lanes the subscription has. An item that can't be parsed has one. */
export const laneCountOf = (config: Exclude<ConfigItem, { kind: 'absent' }>): number =>
  config.kind === 'valid' ? config.subscription.http.maxConcurrentConnections : config.lanes;

export type Registrations = {
  /** Reads at most ten subscriptions. Throws when DynamoDB fails, or does not answer for all. */
  readAll(ids: readonly string[]): Promise<ReadonlyMap<string, Registration>>;
  /** Reads one config item with its endpoint. Throws when DynamoDB fails. */
  readConfig(id: string): Promise<ConfigItem>;
};

type Deps = {
  readonly tables: Tables<'subscriptionsTable' | 'endpointsTable' | 'stateTable'>;
  readonly rules: SubscriptionRules;
};

const MOST_REMEMBERED = 1_000;

/** Makes the reader of registrations. It remembers which endpoint each subscription named last, and nothing else. */
export function createRegistrations({ tables, rules }: Deps): Registrations {
  // The endpoint that a subscription named last time is read in the same call. This is a guess, not a cache: if the item
  // names another endpoint now, that one is read too.
  const guesses = new Map<string, string>();

  function remember(id: string, endpoint: string | undefined): void {
    guesses.delete(id);
    if (endpoint !== undefined) guesses.set(id, endpoint);
    for (const oldest of guesses.keys()) {
      if (guesses.size <= MOST_REMEMBERED) break;
      guesses.delete(oldest);
    }
  }

  return {
    async readAll(ids) {
      const guessed = new Set(ids.flatMap((id) => guesses.get(id) ?? []));
      const found = await tables.readTogether({
        subscriptionsTable: ids.map((id) => ({ id })),
        stateTable: ids.map(stateKey),
        endpointsTable: keysOf(guessed),
      });
      const items = new Map((found.subscriptionsTable ?? []).map((item) => [item.id, item]));
      const states = new Map((found.stateTable ?? []).map((item) => [item.pk, item]));
      const readings = ids.map((id) => ({ id, reading: readingOf(items.get(id), rules) }));
      for (const { id, reading } of readings) remember(id, endpointNamedIn(reading));

      const named = new Set(readings.flatMap(({ reading }) => endpointNamedIn(reading) ?? []));
      const unread = new Set([...named].filter((name) => !guessed.has(name)));
      const more = await tables.endpointsTable.getAll(keysOf(unread), { consistent: true });
      const endpoints = new Map([...(found.endpointsTable ?? []), ...more].map((item) => [item.name, item]));

      const registrations = new Map<string, Registration>();
      for (const { id, reading } of readings) {
        const state = parseState(states.get(stateKey(id).pk));
        // One unreadable state must not delay the others of the batch: only its own messages wait (lane.ts).
        if (state === undefined) continue;
        registrations.set(id, {
          id,
          config: configOf(reading, endpoints.get(endpointNamedIn(reading))),
          state,
        });
      }
      return registrations;
    },

    async readConfig(id) {
      const reading = readingOf(await tables.subscriptionsTable.get({ id }, z.unknown()), rules);
      const name = endpointNamedIn(reading);
      const endpoint = name && (await readEndpointItem(name, tables));
      return configOf(reading, endpoint);
    },
  };
}

const keysOf = (names: ReadonlySet<string>) => [...names].map((name) => ({ name }));

/** Parses the item alone, without its endpoint. */
function readingOf(item: unknown, rules: SubscriptionRules): ConfigItem {
  if (item === undefined) return { kind: 'absent' };
  const itemHash = hashOfItem(item);
  const parsed = parseSubscription(item, rules);
  return parsed.ok
    ? { kind: 'valid', subscription: parsed.subscription, itemHash }
    : { kind: 'invalid', faults: parsed.faults, itemHash, lanes: 1 };
}

/** The endpoint whose item has to exist; undefined without a dlq and for `undeliverable`. */
function endpointNamedIn(reading: ConfigItem): string | undefined {
  const name = reading.kind === 'valid' ? reading.subscription.dlq?.endpoint : undefined;
  return name === UNDELIVERABLE ? undefined : name;
}

/** A missing or invalid endpoint is a fault of the subscription that names it. */
function configOf(reading: ConfigItem, endpoint: unknown): ConfigItem {
  if (reading.kind !== 'valid' || endpointNamedIn(reading) === undefined) return reading;
  const fault = faultOfNaming(endpoint);
  if (fault === undefined) return reading;
  return {
    kind: 'invalid',
    faults: [fault],
    // Hash of both: a changed endpoint counts as a change of the subscription.
    itemHash: hashOfItem([reading.itemHash, endpoint]),
    lanes: reading.subscription.http.maxConcurrentConnections,
  };
}
