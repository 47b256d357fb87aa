// Parses a subscription's config item: all faults at once, or the subscription with its defaults filled in.

import { withoutBlanks } from '#lib/item/blanks.ts';
import { tooLarge } from '#lib/item/bounds.ts';
import type { Fault } from '#lib/item/fault.ts';
import { firstFaults, oneFaultPerPath, suggestions, WHOLE_ITEM } from '#lib/item/fault.ts';
import { isObject, nonJson } from '#lib/item/json.ts';
import { withoutNotes } from '#lib/item/note.ts';
import { type ItemFields, readFields } from './fields.ts';
import { HTTP_DEFAULTS } from './http-schema.ts';
import { brokenRules, type SubscriptionRules } from './rules.ts';
import { itemShapeOf } from './shape.ts';
import { type HttpOptions, isOrdered, type Qos, type Retry, type Subscription } from './subscription.ts';

export type { SubscriptionRules };

export type ParsedSubscription =
  | { readonly ok: true; readonly subscription: Subscription }
  | {
      readonly ok: false;
      readonly faults: readonly Fault[];
      /** Whether the item is too large to be parsed. */
      readonly isTooLarge?: true;
    };

/** A filter may ask for null. */
const WITH_NULLS: ReadonlySet<string> = new Set(['filter']);

/**
 * Parses an item as the DynamoDB document client returns it. Reports the first twenty faults at once; none repeats a value.
 * An item that is too large has that fault alone.
 */
export function parseSubscription(item: unknown, rules: SubscriptionRules): ParsedSubscription {
  const excess = tooLarge(item);
  if (excess !== undefined)
    return { ok: false, faults: [{ path: WHOLE_ITEM, reason: excess }], isTooLarge: true };
  if (!isObject(item)) return { ok: false, faults: [{ path: WHOLE_ITEM, reason: 'must be an object' }] };
  const own = withoutNotes(item);
  const broken = nonJson(own, WITH_NULLS);
  const suggest = suggestions();
  const shape = itemShapeOf(withoutBlanks(own), suggest);
  const { fields, faults } = readFields(shape, suggest);
  const all = oneFaultPerPath(broken, [...faults, ...brokenRules(fields, shape, rules)]);
  const { id, callbackUrl } = fields;
  if (all.length > 0 || id === undefined || callbackUrl === undefined)
    return { ok: false, faults: firstFaults(all) };
  return { ok: true, subscription: subscriptionOf({ ...fields, id, callbackUrl }, rules) };
}

type Complete = ItemFields & { readonly id: string; readonly callbackUrl: string };

function subscriptionOf(fields: Complete, rules: SubscriptionRules): Subscription {
  const { tenant, order, rateLimit, auth, signing, ssl, proxy, onOutage, batch, logging, metrics, metadata } =
    fields;
  const qos = fields.qos ?? 'auto';
  return {
    id: fields.id,
    topic: fields.topic,
    ...(fields.topics && { topics: fields.topics }),
    ...(fields.filter && { filter: fields.filter }),
    qos,
    callbackUrl: fields.callbackUrl,
    headers: fields.headers ?? [],
    ...(order === 'key' && { order }),
    ...(rateLimit && { rateLimit }),
    http: httpOf(fields, qos, rules),
    dlq: fields.dlq,
    interruptConsumptionOnServerError: fields.interruptConsumptionOnServerError ?? true,
    interruptConsumptionOnException: fields.interruptConsumptionOnException ?? true,
    retry: retryOf(fields.retry),
    ...(tenant && { tenant }),
    ...(auth && { auth }),
    ...(signing && { signing }),
    ...(ssl && { ssl }),
    ...(proxy && { proxy }),
    ...(onOutage && { onOutage }),
    ...(batch && { batch }),
    ...(logging && { logging }),
    ...(metrics && { metrics }),
    ...(metadata && { metadata }),
  };
}

function httpOf(fields: ItemFields, qos: Qos, { largestReadTimeoutMs }: SubscriptionRules): HttpOptions {
  const connections = fields.maxConcurrentConnections ?? HTTP_DEFAULTS.maxConcurrentConnections;
  return {
    connectTimeoutMs: fields.connectTimeout ?? HTTP_DEFAULTS.connectTimeout,
    // A deployment may allow less than the default.
    readTimeoutMs: fields.readTimeout ?? Math.min(HTTP_DEFAULTS.readTimeout, largestReadTimeoutMs),
    idleTimeoutMs: fields.idleTimeout ?? HTTP_DEFAULTS.idleTimeout,
    maxConcurrentConnections: isOrdered(qos) && fields.order !== 'key' ? 1 : connections,
  };
}

function retryOf(retry: ItemFields['retry']): Retry {
  if (retry === undefined) return { kind: 'default' };
  return retry.retryOption === 'No Retry' ? { kind: 'none' } : { kind: 'block', block: retry };
}
