// What `route` reads of the table of subscriptions to find those of a topic.
import { messagesASecond } from './invocations.ts';
import type { ScaleLoad, StageSettings } from './load.ts';
import { ITEM_BYTES } from './quotas.ts';

/** Read units a second of the queries by topic: each environment of `route` reads a topic again when its cache has expired. */
export function readsByTopic(
  load: ScaleLoad,
  {
    environments,
    configCacheSeconds,
  }: Pick<StageSettings, 'configCacheSeconds'> & { readonly environments: number },
) {
  const topics = load.subscriptions / load.fanOut;
  const units = unitsOfTopic(load);
  const ofOneTopic = Math.min(messagesASecond(load) / topics, Math.ceil(environments) / configCacheSeconds);
  return { ofOne: ofOneTopic * units, ofAll: ofOneTopic * topics * units };
}

/** Read units of a query by topic. An eventually consistent read of 4 KB is half a unit. */
export const unitsOfTopic = ({ fanOut }: Pick<ScaleLoad, 'fanOut'>): number =>
  Math.max(1, Math.ceil((fanOut * ITEM_BYTES) / 4096)) / 2;
