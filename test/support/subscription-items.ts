// Subscription items for the parser's tests, and the parser's faults. The seed's JSON gets an id and nothing else.
import { readFileSync } from 'node:fs';
import type { EndpointRules } from '#lib/endpoint/schema.ts';
import { parseSubscription, type SubscriptionRules } from '#lib/subscription/schema.ts';
import type { Subscription } from '#lib/subscription/subscription.ts';
import { anyPlace } from './secret-rules.ts';

export const rules: SubscriptionRules & EndpointRules = {
  ...anyPlace,
  largestReadTimeoutMs: 30_000,
  allowTrustAll: false,
  allowAnyHostname: false,
  checkUrl: (url) => (url.includes('refused') ? 'leads to a refused place' : undefined),
  checkSecret: () => undefined,
};

export const URL = 'https://example.com';

type Json = Record<string, unknown>;

/** A valid item with these options in `configuration`, and these fields at its top level. */
export const itemWith = (options: Json, top: Json = {}): Json => ({
  id: 'acme',
  ...top,
  configuration: { callbackUrl: URL, ...options },
});

export function subscriptionOf(item: unknown, more: Partial<SubscriptionRules> = {}): Subscription {
  const parsed = parseSubscription(item, { ...rules, ...more });
  if (!parsed.ok) throw new Error(`not valid: ${JSON.stringify(parsed.faults)}`);
  return parsed.subscription;
}

/** The path and reason of every fault; an empty list for a valid item. */
export function faultsOf(item: unknown, more: Partial<SubscriptionRules> = {}): Record<string, string> {
  const parsed = parseSubscription(item, { ...rules, ...more });
  return parsed.ok ? {} : Object.fromEntries(parsed.faults.map(({ path, reason }) => [path, reason]));
}

export const pathsOf = (item: unknown): string[] => Object.keys(faultsOf(item)).sort();

export const sample = (name: string): unknown => JSON.parse(readFileSync(`events/${name}.json`, 'utf8'));
