// The items of a run: each put has a version, so that a request shows under which item it was made.
import { itemOf, secretOf, type Version } from './item.ts';
import { createSpans, type ItemVersion, type Span, type Spans } from './item-versions.ts';
import type { Plan, PlannedSubscription, Qos, Settings } from './plan.ts';
import type { Receivers } from './receiver.ts';
import type { Stage } from './stage.ts';

export type Items = {
  /** Puts the item with these settings, or with those of the last put. */
  put(subscription: string, settings?: Settings): Promise<void>;
  /** Puts an item that can't be parsed. */
  break(subscription: string): Promise<void>;
  remove(subscription: string): Promise<void>;
  /** The item is there, and can be parsed. */
  isGood(subscription: string): boolean;
  putEndpoints(): Promise<void>;
  /** Removes the endpoint `letters`. */
  removeEndpoint(): Promise<void>;
  /** When the endpoint `letters` was absent. */
  endpointAbsences(): readonly Span[];
  putSecrets(): Promise<void>;
  removeSecrets(): Promise<void>;
  /** The qualities of service that the subscription had, in their order. */
  qualitiesOf(subscription: string): readonly Qos[];
  settingsOf(subscription: string): readonly Settings[];
  versionsOf(subscription: string): readonly ItemVersion[];
};

type Known = {
  readonly planned: PlannedSubscription;
  readonly versions: Version[];
  readonly times: Spans<ItemVersion>;
};

export function createItems(plan: Plan, stage: Stage, receivers: Receivers): Items {
  const all = new Map<string, Known>(
    plan.subscriptions.map((planned) => [
      planned.id,
      { planned, versions: [], times: createSpans<ItemVersion>() },
    ]),
  );

  function known(subscription: string): Known {
    const found = all.get(subscription);
    if (found === undefined) throw new Error(`there is no subscription ${subscription} in the plan`);
    return found;
  }

  function next(subscription: string, settings?: Settings): Record<string, unknown> {
    const { planned, versions } = known(subscription);
    const version = {
      version: versions.length,
      settings: settings ?? versions.at(-1)?.settings ?? planned.settings,
    };
    versions.push(version);
    return itemOf(planned, version, { seed: plan.seed, url: receivers.urlOf(subscription) });
  }

  const settingsOf = (subscription: string): Settings[] =>
    known(subscription).versions.map(({ settings }) => settings);

  /** Writes the item, and notes since when it is so. */
  function begin(subscription: string, is: ItemVersion['is'], write: Promise<void>): Promise<void> {
    const { planned, versions, times } = known(subscription);
    return times.begin({ is, settings: versions.at(-1)?.settings ?? planned.settings }, write);
  }

  const endpoint = createSpans<Span & { readonly isThere: boolean }>();

  return {
    put(subscription, settings) {
      const item = next(subscription, settings);
      return begin(subscription, 'valid', stage.store.put('Subscriptions', item));
    },
    break(subscription) {
      const broken = { ...next(subscription), configuration: { callbackUrl: 'no URL' } };
      return begin(subscription, 'broken', stage.store.put('Subscriptions', broken));
    },
    remove(subscription) {
      return begin(subscription, 'absent', stage.store.remove('Subscriptions', { id: subscription }));
    },
    isGood: (subscription) => known(subscription).times.all.at(-1)?.is === 'valid',
    removeEndpoint: () =>
      endpoint.begin({ isThere: false }, stage.store.remove('Endpoints', { name: 'letters' })),
    endpointAbsences: () => endpoint.all.filter(({ isThere }) => !isThere),
    async putEndpoints() {
      const letters = { name: 'letters', type: 'sqs', configuration: { queueUrl: stage.lettersUrl } };
      await endpoint.begin({ isThere: true }, stage.store.put('Endpoints', letters));
      if (stage.broker === undefined) return;
      const { address, topic } = stage.broker;
      await stage.store.put('Endpoints', {
        name: 'topic',
        type: 'kafka',
        configuration: { bootstrapServers: address, topic },
      });
    },
    async putSecrets() {
      for (const id of all.keys()) await stage.store.putSecret(secretOf(id));
    },
    async removeSecrets() {
      for (const id of all.keys()) await stage.store.removeSecret(secretOf(id));
    },
    settingsOf,
    versionsOf: (subscription) => known(subscription).times.all,
    qualitiesOf: (subscription) => settingsOf(subscription).map(({ qos }) => qos),
  };
}
