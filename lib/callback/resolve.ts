// Looks up the host name of a URL when an item is registered, and checks its addresses. This is only a first check: every
// connection looks up the name again.
import { isIP } from 'node:net';
import type { AddressRules } from './address.ts';
import { bareHost, type Lookup } from './guard.ts';

/** Says why the present addresses of a URL's host may not be called; undefined when they may. Never rejects. */
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
