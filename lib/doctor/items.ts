// Reads the registered items, page by page. It finds items that this version refuses, and collects the host names and secrets
// of the others. It keeps only the parts of an item that later checks need.

import * as z from 'zod';
import { bareHost } from '#lib/callback/guard.ts';
import type { ItemRules } from '#lib/deployment/rules.ts';
import { faultOfNaming, foundEndpoint, itemNamedBy } from '#lib/endpoint/directory.ts';
import type { Endpoint } from '#lib/endpoint/endpoint.ts';
import type { Fault } from '#lib/item/fault.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';
import { secretsIn } from '#lib/item/secret-reference.ts';
import { brokerOf } from '#lib/kafka/broker-guard.ts';
import type { Table } from '#lib/state/table.ts';
import { parseSubscription } from '#lib/subscription/schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { urlsOf } from '#lib/subscription/urls.ts';
import type { UsedName } from './names.ts';
import type { Sight } from './unseen.ts';

export type Items = {
  readonly subscriptions: number;
  readonly names: readonly UsedName[];
  /** The items with secrets, key stores or trust stores, which have to be opened to be checked. */
  readonly withCredentials: readonly Subscription[];
  readonly endpoints: readonly Endpoint[];
};

type Deps = {
  readonly subscriptionsTable: Pick<Table, 'scan'>;
  readonly endpointsTable: Pick<Table, 'scan'>;
  readonly rules: ItemRules;
  readonly onProgress: (done: number) => void;
};

const storedItems = z.custom<JsonObject>(isObject);

/** Reads all items, and finds those that this version refuses. Throws when DynamoDB fails. */
export async function readRegistered(sight: Sight, deps: Deps): Promise<Items> {
  const { rules } = deps;
  const names = new Map<string, UsedName>();
  const endpointItems = new Map<unknown, JsonObject>();
  const endpoints: Endpoint[] = [];
  for await (const { items } of deps.endpointsTable.scan(storedItems, {})) {
    for (const item of items) {
      endpointItems.set(item.name, item);
      const found = foundEndpoint(item, rules);
      if (found.kind === 'valid') {
        endpoints.push(found.endpoint);
        useBrokers(found.endpoint, names);
      }
      if (found.kind === 'invalid') findFaults('endpoint', String(item.name), found.faults, sight);
    }
  }
  const withCredentials: Subscription[] = [];
  let subscriptions = 0;
  for await (const { items } of deps.subscriptionsTable.scan(storedItems, {})) {
    for (const item of items) {
      const parsed = parseSubscription(item, rules);
      if (!parsed.ok) {
        findFaults('subscription', String(item.id), parsed.faults, sight);
        continue;
      }
      const { subscription } = parsed;
      const named = itemNamedBy(subscription);
      const fault = named && faultOfNaming(endpointItems.get(named), subscription, rules);
      if (fault) findFaults('subscription', subscription.id, [fault], sight);
      for (const { url } of urlsOf(subscription))
        use({ url, kind: 'callback', where: subscription.id }, names);
      if (hasCredentials(subscription)) withCredentials.push(subscription);
    }
    subscriptions += items.length;
    deps.onProgress(subscriptions);
  }
  return { subscriptions, names: [...names.values()], withCredentials, endpoints };
}

const hasCredentials = ({ auth, signing, ssl, proxy }: Subscription): boolean =>
  ssl !== undefined || secretsIn([auth, signing, proxy]).length > 0;

function findFaults(kind: string, where: string, faults: readonly Fault[], sight: Sight): void {
  for (const { path, reason } of faults) {
    sight.find({
      severity: 'error',
      where: `${kind} ${where}`,
      what: `Its item is refused: ${path}: ${reason}.`,
      fix:
        kind === 'subscription'
          ? 'Correct the item and put it again: the subscription is paused at its next message.'
          : 'Correct the item and put it again: subscriptions that name it are paused.',
    });
  }
}

function useBrokers(endpoint: Endpoint, names: Map<string, UsedName>): void {
  if (endpoint.type !== 'kafka') return;
  for (const server of endpoint.configuration.bootstrapServers)
    use(
      { url: `http://${brokerOf(server).host}`, kind: 'broker', where: `endpoint ${endpoint.name}` },
      names,
    );
}

function use(
  { url, kind, where }: { readonly url: string; readonly kind: UsedName['kind']; readonly where: string },
  names: Map<string, UsedName>,
): void {
  const host = bareHost(URL.parse(url)?.hostname ?? '');
  const key = `${kind} ${host}`;
  const known = names.get(key);
  if (known !== undefined) known.users++;
  else if (host !== '' && !host.includes(':')) names.set(key, { host, kind, where, users: 1 });
}
