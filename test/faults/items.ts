// The items of a run: each put has a version, so that a request shows under which item it was made.
import { itemOf, secretOf, type Version } from './item.ts';
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
  putSecrets(): Promise<void>;
  removeSecrets(): Promise<void>;
  /** The qualities of service that the subscription had, in their order. */
  qualitiesOf(subscription: string): readonly Qos[];
  settingsOf(subscription: string): readonly Settings[];
};

type Known = { readonly planned: PlannedSubscription; readonly versions: Version[] };

export function createItems(plan: Plan, stage: Stage, receivers: Receivers): Items {
  const all = new Map<string, Known>(
    plan.subscriptions.map((planned) => [planned.id, { planned, versions: [] }]),
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

  const good = new Set<string>();

  return {
    put(subscription, settings) {
      good.add(subscription);
      return stage.store.put('Subscriptions', next(subscription, settings));
    },
    break(subscription) {
      good.delete(subscription);
      const broken = { ...next(subscription), configuration: { callbackUrl: 'no URL' } };
      return stage.store.put('Subscriptions', broken);
    },
    remove(subscription) {
      good.delete(subscription);
      return stage.store.remove('Subscriptions', { id: subscription });
    },
    isGood: (subscription) => good.has(subscription),
    async putEndpoints() {
      await stage.store.put('Endpoints', {
        name: 'letters',
        type: 'sqs',
        configuration: { queueUrl: stage.lettersUrl },
      });
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
    qualitiesOf: (subscription) => settingsOf(subscription).map(({ qos }) => qos),
  };
}
