// Which URLs may be called, and the name lookup of connections. The rules apply twice: at registration (checkUrl), and when
// connecting, to the addresses that are used. Opens no connection.
import { promises as dns } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { AddressRules } from './address.ts';

export type UrlRules = { readonly allowHttp: boolean; readonly addresses: AddressRules };

/** Returns all addresses of a name. Fails with an error that has a code, as node:dns does; also when it is aborted. */
export type Lookup = (
  hostname: string,
  signal?: AbortSignal,
) => Promise<readonly { readonly address: string }[]>;

/**
 * The look-up of the operating system (getaddrinfo), for the command line. It blocks a thread of libuv's pool and can't be
 * aborted, so a function must not ask it for a stranger's name.
 */
export const systemLookup: Lookup = (hostname) => dns.lookup(hostname, { all: true });

/** Error code of the lookup and the connector when they refuse an address. */
export const ADDRESS_REFUSED = 'ERR_CALLBACK_ADDRESS_REFUSED';

/** Why this URL may not be called, as a sentence without its secrets; undefined when it may. Looks up no name. */
export function checkUrl(url: string, rules: UrlRules): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return 'is not a URL';
  return checkParsedUrl(parsed, rules);
}

/** Why a request may not go to this URL, as a sentence; undefined when it may. Names are not resolved here. */
export function checkParsedUrl(url: URL, rules: UrlRules): string | undefined {
  if (url.protocol !== 'https:' && !(rules.allowHttp && url.protocol === 'http:')) {
    return rules.allowHttp ? 'must be an https or http URL' : 'must be an https URL';
  }
  if (url.port === '0') return 'must have a port from 1 to 65535';
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password';
  // URL has already turned 0x7f.1, 2130706433, 0177.0.0.1 and full-width digits into 127.0.0.1.
  return checkHost(bareHost(url.hostname), rules.addresses);
}

/** Why there may be no connection to this host, a name or an IP literal, as a sentence; undefined when there may. Looks up no name. */
export function checkHost(host: string, addresses: AddressRules): string | undefined {
  if (isIP(host) === 0) return checkName(host, addresses);
  const refusal = addresses.refusal(host);
  return refusal === undefined ? undefined : `leads to ${refusal}`;
}

/** The host of a URL without the brackets of an IPv6 literal. */
export function bareHost(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}

function checkName(host: string, addresses: AddressRules): string | undefined {
  const labels = (host.endsWith('.') ? host.slice(0, -1) : host).split('.');
  if (labels.includes('')) return 'has a host name with an empty part';
  const last = labels.at(-1);
  const thisMachine =
    last === 'localhost' || last === 'localdomain' || /^ip6-(localhost|loopback)$/.test(labels[0] ?? '');
  // Asks the address rules, so that one flag decides for `localhost` and for the addresses behind it.
  if (thisMachine && addresses.refusal('127.0.0.1') !== undefined) return 'leads to this machine';
  return undefined;
}

export type CheckedAddress = { readonly address: string; readonly family: number };

/**
 * Looks a host up once and returns exactly the addresses that were checked. Takes IP literals too. Refuses a name when any of
 * its addresses is forbidden. Rejects with an error that has a code.
 */
export async function checkedAddresses(
  host: string,
  { lookup, addresses }: { readonly lookup: Lookup; readonly addresses: AddressRules },
  signal?: AbortSignal,
): Promise<readonly [CheckedAddress, ...CheckedAddress[]]> {
  const literal = isIP(host) !== 0;
  const found = literal ? [{ address: host }] : await lookup(host, signal);
  const [first, ...more] = found.map(({ address }) => ({ address, family: isIP(address) }));
  if (first === undefined) throw coded('ENOTFOUND', 'the name has no address');
  for (const { address } of [first, ...more]) {
    const refusal = addresses.refusal(address);
    if (refusal !== undefined)
      throw coded(ADDRESS_REFUSED, literal ? `the host is ${refusal}` : `the name leads to ${refusal}`);
  }
  return [first, ...more];
}

/**
 * Makes a function for the option `lookup` of `net.connect`, which checks addresses as `checkedAddresses` does. For clients that
 * open their connections themselves. Node does not call it for IP literals: the caller checks those.
 */
export function guardedLookup(lookup: Lookup, addresses: AddressRules): LookupFunction {
  return (hostname, { all = false, family = 0 }, callback) => {
    checkedAddresses(hostname, { lookup, addresses }).then(
      (found) => {
        const wanted = found.filter(
          (one) => family === 0 || one.family === Number(String(family).replace('IPv', '')),
        );
        const [first] = wanted;
        if (first === undefined)
          return callback(coded('ENOTFOUND', 'the name has no address of this family'), []);
        if (all) return callback(null, [...wanted]);
        return callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

/** The code of an error; undefined when it has none. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

/** Makes an error with a code, as Node's own network errors have one. */
export function coded(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}
