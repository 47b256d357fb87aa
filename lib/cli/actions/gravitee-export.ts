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
  for (const inside of [document.data, document.subscriptions]) {
    if (isObject(inside)) return [inside];
    // An entry that is no object becomes one that is left out, with the reason.
    if (Array.isArray(inside))
      return inside.map((entry) => (isObject(entry) ? entry : { entrypointId: entry }));
  }
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
  const notes = Object.entries(subscription).filter(([name]) => name.startsWith('x-'));
  const item = withoutBlanks({
    ...Object.fromEntries(notes),
    id: ownId,
    topic: to,
    type,
    qos,
    dlq,
    metadata,
    ...options,
  });
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
  const kind = entrypointOf(subscription);
  if (kind !== undefined && !WEBHOOKS.has(kind))
    return `it is none of webhooks (entrypointId ${JSON.stringify(kind)})`;
  if (kind === undefined && !hasOptions(subscription))
    return 'it is none of webhooks: it has no consumerConfiguration';
  const is = word(status);
  if (is !== '' && !STATUSES.has(is)) return `its status is not known (${JSON.stringify(status)})`;
  if (is === 'PENDING') return 'it waits for approval (status PENDING): import it when it is accepted';
  if (is === 'REJECTED' || is === 'CLOSED') return `it does not deliver any more (status ${is})`;
  const starts = subscription.startingAt ?? subscription.starting_at;
  const ends = subscription.endingAt ?? subscription.ending_at;
  for (const [name, date] of Object.entries({ startingAt: starts, endingAt: ends }))
    if (date !== undefined && dateOf(date) === undefined) return `its ${name} is no date that can be read`;
  const start = dateOf(starts);
  if (start !== undefined && start > now) return `it begins on ${iso(start)} (startingAt): import it then`;
  const end = dateOf(ends);
  if (end !== undefined && end <= now) return `it ended on ${iso(end)} (endingAt)`;
  return undefined;
}

const STATUSES = new Set(['ACCEPTED', 'PENDING', 'REJECTED', 'CLOSED', 'PAUSED']);
const WEBHOOKS: ReadonlySet<unknown> = new Set(['webhook', 'webhook-advanced']);

const hasOptions = ({ consumerConfiguration, configuration, entrypointConfiguration }: JsonObject): boolean =>
  [consumerConfiguration, configuration, entrypointConfiguration].some((one) => one !== undefined);

/** Which entrypoint it is of, as far as it says so. */
function entrypointOf(subscription: JsonObject): unknown {
  const { consumerConfiguration, configuration, entrypointId } = subscription;
  const outer = parsed(consumerConfiguration ?? configuration);
  return entrypointId ?? (isObject(outer) ? outer.entrypointId : undefined);
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

const word = (value: unknown): string => (typeof value === 'string' ? value.trim().toUpperCase() : '');

function dateOf(value: unknown): number | undefined {
  // Milliseconds since 1970 come as a number or as text.
  const text = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  const time = typeof text === 'number' ? text : typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isFinite(time) && Math.abs(time) <= 8_640_000_000_000_000 ? time : undefined;
}

const iso = (time: number): string => new Date(time).toISOString();
