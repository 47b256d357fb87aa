// Checks the addresses of a URL's name when an item is registered. This is only a first check: every connection looks the
// name up again.
import { isIP } from 'node:net';
import type { AddressRules } from './address.ts';
import { bareHost, type Lookup } from './guard.ts';

/** Why a URL's name may not be called, by its present addresses; undefined when it may. Never rejects. */
export async function checkAddresses(
  url: string,
  { lookup, addresses }: { readonly lookup: Lookup; readonly addresses: AddressRules },
): Promise<string | undefined> {
  const host = bareHost(URL.parse(url)?.hostname ?? '');
  // An IP literal was checked with the URL.
  if (host === '' || isIP(host) !== 0) return undefined;
  const found = await lookup(host).catch(() => []);
  if (found.length === 0) return 'has a host name without an address';
  for (const { address } of found) {
    const refusal = addresses.refusal(address);
    if (refusal !== undefined) return `leads to ${refusal}`;
  }
  return undefined;
}
