// Subscriptions as Gravitee's management API returns them, or as an export holds them: what each becomes here, and what of it
// is not carried over. Nothing is written.

import { withoutBlanks } from '#lib/item/blanks.ts';
import { isObject, type JsonObject } from '#lib/item/json.ts';

export type Converted =
  | {
      readonly kind: 'item';
      readonly id: string;
      readonly item: JsonObject;
      /** Why it must not deliver yet; undefined: it may. */
      readonly paused: string | undefined;
      /** Fields of Gravitee's that have no counterpart. */
      readonly notCarriedOver: readonly string[];
      readonly notes: readonly string[];
    }
  | { readonly kind: 'left-out'; readonly id: string; readonly why: string };

/** All subscriptions in a document: one, a page of the API, or an export with several. */
export function subscriptionsIn(document: JsonObject): JsonObject[] {
  for (const list of [document.data, document.subscriptions])
    if (Array.isArray(list)) return list.filter(isObject);
  return [document];
}

/** Fields that are read below. Those with two spellings are of the APIs of two versions. */
const READ = new Set([
  'id',
  'consumerConfiguration',
  'configuration',
  'entrypointConfiguration',
  'entrypointId',
  'type',
  'qos',
  'dlq',
  'topic',
  'channel',
  'metadata',
  'status',
  'consumerStatus',
  'failureCause',
  'startingAt',
  'starting_at',
  'endingAt',
  'ending_at',
]);

/** Converts one subscription. `now`: epoch milliseconds. */
export function convert(
  given: JsonObject,
  { topic, now }: { readonly topic?: string | undefined; readonly now: number },
): Converted {
  const subscription = withoutBlanks(given);
  const id = typeof subscription.id === 'string' ? subscription.id : '(without id)';
  const why = whyLeftOut(subscription, now);
  if (why !== undefined) return { kind: 'left-out', id, why };
  const { channel, ...options } = optionsOf(subscription);
  const notCarriedOver = Object.keys(subscription).filter(
    (name) => !READ.has(name) && !name.startsWith('x-'),
  );
  if (channel !== undefined || subscription.channel !== undefined) notCarriedOver.push('channel');
  const { id: ownId, type, qos, dlq, metadata } = subscription;
  const to = topic ?? subscription.topic;
  const item = withoutBlanks({ id: ownId, topic: to, type, qos, dlq, metadata, ...options });
  return {
    kind: 'item',
    id,
    item: Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)),
    paused: whyPaused(subscription),
    notCarriedOver,
    notes: [
      ...(word(subscription.consumerStatus) === 'FAILURE'
        ? ['It had failed in Gravitee (consumerStatus FAILURE). It begins anew here.']
        : []),
      ...endOf(subscription),
      ...(to === undefined
        ? ['Without a topic it gets the messages that name its id. Give --topic for all of a topic.']
        : []),
    ],
  };
}

function whyLeftOut({ status, ...subscription }: JsonObject, now: number): string | undefined {
  const is = word(status);
  if (is === 'PENDING') return 'it waits for approval (status PENDING): import it when it is accepted';
  if (is === 'REJECTED' || is === 'CLOSED') return `it does not deliver any more (status ${is})`;
  const start = dateOf(subscription.startingAt ?? subscription.starting_at);
  if (start !== undefined && start > now) return `it begins on ${iso(start)} (startingAt): import it then`;
  const end = dateOf(subscription.endingAt ?? subscription.ending_at);
  if (end !== undefined && end <= now) return `it ended on ${iso(end)} (endingAt)`;
  return undefined;
}

function whyPaused({ status, consumerStatus }: JsonObject): string | undefined {
  if (word(status) === 'PAUSED') return 'paused in Gravitee (status PAUSED)';
  const is = word(consumerStatus);
  if (is === 'STOPPED') return 'stopped in Gravitee (consumerStatus STOPPED)';
  return undefined;
}

function endOf(subscription: JsonObject): string[] {
  const end = dateOf(subscription.endingAt ?? subscription.ending_at);
  return end === undefined
    ? []
    : [`It ends on ${iso(end)} in Gravitee (endingAt). Nothing ends it here: remove it then.`];
}

/** The subscriber's options, wherever this version of the API has them; as text in the oldest. */
function optionsOf({
  consumerConfiguration,
  configuration,
  entrypointConfiguration,
  entrypointId,
  ...rest
}: JsonObject): JsonObject {
  const outer = parsed(consumerConfiguration ?? configuration);
  if (isObject(outer)) {
    const inner = parsed(outer.entrypointConfiguration);
    return inner === undefined
      ? { configuration: outer, channel: undefined }
      : { ...outer, entrypointConfiguration: inner };
  }
  return { entrypointId, entrypointConfiguration: parsed(entrypointConfiguration), channel: rest.channel };
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const word = (value: unknown): string => (typeof value === 'string' ? value.toUpperCase() : '');

function dateOf(value: unknown): number | undefined {
  const time = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(time) && Math.abs(time) <= 8_640_000_000_000_000 ? time : undefined;
}

const iso = (time: number): string => new Date(time).toISOString();
