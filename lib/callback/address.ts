// Decides whether an address may be called. An address that is not known to be public is refused. The functions here are
// pure: guard.ts and connector.ts look up the names and connect.
import { BlockList, isIP, SocketAddress } from 'node:net';

export type AddressRules = {
  /** Why this address may not be called, as a sentence; undefined when it may. */
  refusal(address: string): string | undefined;
};

type Range = readonly [cidr: string, what: string];

// On AWS Lambda, the runtime API listens on loopback and the credentials' endpoints on link-local. A callback there could
// forge the function's own results, so no allowed CIDR opens these ranges.
const LOOPBACK: readonly Range[] = [
  ['127.0.0.0/8', 'a loopback address'],
  ['::1/128', 'a loopback address'],
];
const NEVER: readonly Range[] = [
  ['0.0.0.0/8', 'an unspecified address'],
  ['169.254.0.0/16', 'a link-local address'],
  ['fe80::/10', 'a link-local address'],
  ['fd00:ec2::/32', "an address of the cloud's own services"],
  // An IPv4 address written as IPv6: a translator on the way could send it anywhere.
  ['::ffff:0:0/96', 'an IPv4-mapped address'],
  ['::ffff:0:0:0/96', 'a translated address'],
  ['64:ff9b:1::/48', 'a translated address'],
  ['2002::/16', 'a translated address'],
  ['2001::/32', 'a translated address'],
  ['::/96', 'an unspecified address'],
];
// Refused unless the deployment names a CIDR that holds them (IANA's special-purpose registries).
const NOT_PUBLIC: readonly Range[] = [
  ['10.0.0.0/8', 'a private address'],
  ['172.16.0.0/12', 'a private address'],
  ['192.168.0.0/16', 'a private address'],
  ['100.64.0.0/10', 'a shared (carrier) address'],
  ['192.0.0.0/24', 'a reserved address'],
  ['192.0.2.0/24', 'a documentation address'],
  ['192.88.99.0/24', 'a reserved address'],
  ['198.18.0.0/15', 'a benchmarking address'],
  ['198.51.100.0/24', 'a documentation address'],
  ['203.0.113.0/24', 'a documentation address'],
  ['224.0.0.0/4', 'a multicast address'],
  ['240.0.0.0/4', 'a reserved address'],
  ['fc00::/7', 'a private address'],
  ['ff00::/8', 'a multicast address'],
  ['2001::/23', 'a reserved address'],
  ['2001:db8::/32', 'a documentation address'],
  ['3fff::/20', 'a documentation address'],
];
const GLOBAL_IPV6 = '2000::/3';
// The well-known prefix of NAT64 (RFC 6052). DNS64, as in an IPv6-only subnet, answers with such an address for every name
// that has only IPv4 addresses.
const NAT64 = '64:ff9b::/96';

/**
 * Is this text a CIDR that `allowedCidrs` understands, such as `10.20.0.0/16` or `fd12:3456::/32`? A range with address bits
 * outside the prefix, such as `10.20.30.40/8`, is refused: it would allow more addresses than it seems to.
 */
export function isCidr(text: string): boolean {
  const cidr = parseCidr(text);
  return cidr !== undefined && firstOf(cidr) === bitsOf(cidr.network, cidr.version);
}

/** Whether a CIDR lies in a range that no deployment may allow, such as loopback and link-local, or is all of IPv4 or IPv6. */
export const isForbiddenCidr = (cidr: string): boolean =>
  (parseCidr(cidr)?.prefix ?? 0) === 0 || [...LOOPBACK, ...NEVER].some(([never]) => holds(never, cidr));

const WHOLE_PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fd00::/8'] as const;

/** The private range of which valid CIDRs hold all addresses, alone or together; undefined when there is none. */
export const wholePrivateRangeIn = (cidrs: readonly string[]): string | undefined =>
  WHOLE_PRIVATE.find((range) => holdTogether(cidrs, range));

function holdTogether(cidrs: readonly string[], range: string): boolean {
  const all = cidrs.flatMap((cidr) => parseCidr(cidr) ?? []);
  const wanted = parseCidr(range);
  if (wanted === undefined) return false;
  const same = all.filter(({ version }) => version === wanted.version);
  same.sort((a, b) => (firstOf(a) < firstOf(b) ? -1 : 1));
  // The first address that none of those before holds.
  let next = firstOf(wanted);
  for (const one of same) if (firstOf(one) <= next && lastOf(one) >= next) next = lastOf(one) + 1n;
  return next > lastOf(wanted);
}

/** Whether a CIDR holds all addresses of another one. */
function holds(wide: string, narrow: string): boolean {
  const [a, b] = [parseCidr(wide), parseCidr(narrow)];
  if (a === undefined || b === undefined || a.version !== b.version || a.prefix > b.prefix) return false;
  return firstOf(a) === firstOf({ ...b, prefix: a.prefix });
}

/** Makes the rules of a deployment. Throws a TypeError for an invalid CIDR, because the configuration is our own. */
export function addressRules(options: {
  readonly allowedCidrs: readonly string[];
  /** Loopback, for a deployment that runs on one machine. Link-local stays refused. */
  readonly allowThisMachine: boolean;
}): AddressRules {
  const forbiddenReason: Match = (address, version) =>
    (options.allowThisMachine ? undefined : loopback(address, version)) ?? never(address, version);
  const allowed = matcher([
    ...(options.allowThisMachine ? LOOPBACK : []),
    ...options.allowedCidrs.map((cidr): Range => [cidr, 'allowed']),
  ]);

  return {
    refusal(address) {
      const version = isIP(address);
      // isIP accepts a zone id, as in "fe80::1%eth0"; addresses with one are refused anyway.
      if (version === 0 || address.includes('%')) return 'not an IP address';
      // "::1" also lies in "::/96".
      if (options.allowThisMachine && loopback(address, version) !== undefined) return undefined;
      const translated = nat64(address, version);
      // RFC 6052, 3.1: this prefix never stands for an address that is not public. So no allowed CIDR counts here.
      if (translated !== undefined) {
        const within = ipv4Within(address);
        return (loopback(within, 4) ?? never(within, 4) ?? notPublic(within, 4)) && translated;
      }
      const forbidden = forbiddenReason(address, version);
      if (forbidden !== undefined) return forbidden;
      if (allowed(address, version) !== undefined) return undefined;
      const special = notPublic(address, version);
      if (special !== undefined) return special;
      return version === 6 && globalIpv6(address, version) === undefined ? 'a reserved address' : undefined;
    },
  };
}

// The lists of the fixed ranges are the same for every deployment, and are made once.
const loopback = matcher(LOOPBACK);
const never = matcher(NEVER);
const notPublic = matcher(NOT_PUBLIC);
const globalIpv6 = matcher([[GLOBAL_IPV6, 'global']]);
const nat64 = matcher([[NAT64, 'a translated address']]);

/** The IPv4 address in the last 32 bits of an IPv6 address. */
function ipv4Within(address: string): string {
  const bits = bitsOf(address, 6);
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
}

type Match = (address: string, version: number) => string | undefined;

// One BlockList per range, and IPv4 apart from IPv6: a BlockList treats an IPv4 address and its IPv6-mapped form as the
// same, so one list for both would match addresses that no rule names.
function matcher(ranges: readonly Range[]): Match {
  const parsed = ranges.map(([text, what]) => {
    const cidr = parseCidr(text);
    if (cidr === undefined) throw new TypeError(`not a CIDR, such as 10.20.0.0/16: ${text}`);
    const list = new BlockList();
    list.addSubnet(cidr.network, cidr.prefix, cidr.version === 4 ? 'ipv4' : 'ipv6');
    return { list, what, version: cidr.version };
  });
  return (address, version) =>
    parsed.find(
      (range) => range.version === version && range.list.check(address, version === 4 ? 'ipv4' : 'ipv6'),
    )?.what;
}

function parseCidr(text: string): { network: string; prefix: number; version: number } | undefined {
  const match = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(text);
  const [, network = '', digits = ''] = match ?? [];
  const version = network.includes(':') ? 6 : 4;
  const prefix = Number(digits);
  if (match === null || prefix > (version === 4 ? 32 : 128) || !isAddress(network, version)) return undefined;
  return { network, prefix, version };
}

// isIP compiles a long regular expression when it first sees an IPv6 address, which would take 3 ms of each cold start.
function isAddress(address: string, version: 4 | 6): boolean {
  try {
    new SocketAddress({ address, family: version === 4 ? 'ipv4' : 'ipv6' });
    return true;
  } catch {
    return false;
  }
}

/** The first address of a range, as a number. */
function firstOf({ network, prefix, version }: { network: string; prefix: number; version: number }): bigint {
  const behind = BigInt((version === 4 ? 32 : 128) - prefix);
  return (bitsOf(network, version) >> behind) << behind;
}

/** The last address of a range, as a number. */
const lastOf = (range: { network: string; prefix: number; version: number }): bigint =>
  firstOf(range) + (1n << BigInt((range.version === 4 ? 32 : 128) - range.prefix)) - 1n;

/** A valid address as a number. */
function bitsOf(address: string, version: number): bigint {
  if (version === 4) return address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
  // The URL parser writes an IPv4 tail as hexadecimal groups.
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const all = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  return all.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
