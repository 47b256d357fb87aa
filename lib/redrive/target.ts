// The subscription of a letter, as redrive needs it: in how many lanes it takes what is replayed, whether in order, and
// whether its dead letters go to the endpoint that is being read.
import { UNDELIVERABLE } from '#lib/endpoint/endpoint.ts';
import type { LaneLayout } from '#lib/message/lane-layout.ts';
import { type ConfigItem, lanesOfConfig } from '#lib/state/registration.ts';
import { isOrdered } from '#lib/subscription/subscription.ts';
import type { Skip } from './select.ts';

export type Target = {
  readonly lanes: LaneLayout;
  readonly isOrdered: boolean;
  /** What its item says about dead letters; `unknown` for an item with faults. */
  readonly dlq: { readonly kind: 'none' | 'unknown' } | { readonly kind: 'endpoint'; readonly name: string };
};

/** Undefined where there is no such subscription. */
export function targetOf(config: ConfigItem): Target | undefined {
  if (config.kind === 'absent') return undefined;
  if (config.kind === 'invalid')
    return { lanes: lanesOfConfig(config), isOrdered: true, dlq: { kind: 'unknown' } };
  const { qos, dlq } = config.subscription;
  return {
    lanes: lanesOfConfig(config),
    isOrdered: isOrdered(qos),
    dlq: dlq === undefined ? { kind: 'none' } : { kind: 'endpoint', name: dlq.endpoint },
  };
}

/**
 * The reason for which a letter of this subscription is not replayed from this endpoint; undefined when it may be. Whoever
 * writes to an endpoint's queue or topic can write a letter for any subscription, so only the endpoint's own are believed.
 * `undeliverable` is the functions' own queue.
 */
export function skipByTarget(
  target: Target | undefined,
  { endpoint, movedDlq }: { readonly endpoint: string; readonly movedDlq: boolean },
): Skip | undefined {
  if (target === undefined) return 'unsubscribed';
  if (endpoint === UNDELIVERABLE || movedDlq) return undefined;
  switch (target.dlq.kind) {
    case 'none':
      return 'not-of-endpoint';
    case 'unknown':
      return 'invalid-subscription';
    case 'endpoint':
      return target.dlq.name === endpoint ? undefined : 'not-of-endpoint';
    default:
      return target.dlq satisfies never;
  }
}
