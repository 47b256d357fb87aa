// The item of a subscription from its settings. A header carries the item's version, quality of service and lanes, so that
// a request shows under which item it was made.
import { topicOf } from './draw-messages.ts';
import type { PlannedSubscription, Settings } from './plan.ts';

export const VERSION_HEADER = 'x-item';
/** The name of a subscription's secret. */
export const secretOf = (subscription: string): string => `webhooks/local/${subscription}`;
export const HOST = 'receiver.faults.test';

/** Milliseconds: short, because each hanging request takes as long. */
const READ_TIMEOUT_MS = 1_500;

export type Version = { readonly version: number; readonly settings: Settings };

/** How many requests the item allows at once. */
export const capOf = ({ qos, byKey, lanes }: Settings): number =>
  qos.startsWith('at-') && !byKey ? 1 : lanes;

/** What the header says about the item under which a request was made; undefined for a request without the header. */
export function itemIn(headers: ReadonlyMap<string, string>) {
  const header = headers.get(VERSION_HEADER);
  if (header === undefined) return undefined;
  const [version, qos, cap] = header.split(' ');
  return { version: Number(version), qos, cap: Number(cap) };
}

export function itemOf(
  { id, byTopic }: PlannedSubscription,
  { version, settings }: Version,
  { seed, url }: { readonly seed: number; readonly url: string },
): Record<string, unknown> {
  const {
    qos,
    byKey,
    lanes,
    batch,
    filtered,
    dlq,
    retry,
    interrupts,
    stops,
    secret,
    named,
    tenant,
    rateLimit,
  } = settings;
  const callbackUrl = named ? url.replace('127.0.0.1', HOST) : url;
  return {
    id,
    topic: byTopic ? topicOf(seed) : `none-${id}`,
    qos,
    ...(byKey && { order: 'key' }),
    ...(dlq && { dlq: { endpoint: dlq } }),
    ...(filtered && { filter: { body: { keep: [true] } } }),
    ...(tenant && { tenant }),
    ...(rateLimit && { rateLimit }),
    configuration: {
      callbackUrl,
      headers: [{ name: VERSION_HEADER, value: `${version} ${qos} ${capOf(settings)}` }],
      http: { readTimeout: READ_TIMEOUT_MS, connectTimeout: 1_000, maxConcurrentConnections: lanes },
      ...(batch && { batch }),
      ...(retry && { retry }),
      ...(secret && { auth: { type: 'basic', secret: secretOf(id) } }),
      ...(!interrupts && {
        interruptConsumptionOnServerError: false,
        interruptConsumptionOnException: false,
      }),
      ...(stops && { onOutage: 'stop' }),
    },
  };
}
