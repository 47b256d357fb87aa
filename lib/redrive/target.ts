// How a subscription takes what is replayed: in how many lanes, and whether in order.
import type { ConfigItem } from '#lib/state/registration.ts';
import { isOrdered } from '#lib/subscription/subscription.ts';
import type { Target } from './send.ts';

/** Undefined where there is no such subscription. One whose item is wrong is paused by deliver. */
export function targetOf(config: ConfigItem): Target | undefined {
  if (config.kind === 'absent') return undefined;
  if (config.kind === 'invalid') return { lanes: config.lanes, isOrdered: true };
  const { qos, http } = config.subscription;
  return { lanes: http.maxConcurrentConnections, isOrdered: isOrdered(qos) };
}
