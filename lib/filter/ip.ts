// IP addresses and CIDRs of filters. A CIDR of IPv4 never contains an IPv6 address, and the other way round. An IPv4-mapped
// address counts as IPv4, as in AWS.
import { isIP } from 'node:net';

export type Ip = { readonly version: 4 | 6; readonly bits: bigint };

const MAPPED = 0xffffn;

/**
 * Parses a text as an IP address. Undefined for other texts, for an address with a zone id, and for IPv6 that ends in dotted
 * decimals.
 */
export function ipOf(text: string): Ip | undefined {
  // Most texts are not addresses, and a call of isIP is slow.
  if (text.length > 39 || !/^[0-9a-f.:]+$/i.test(text)) return undefined;
  const version = isIP(text);
  if (version === 4) {
    return { version, bits: text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n) };
  }
  if (version !== 6 || text.includes('.')) return undefined;
  const [head = '', tail] = text.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const before = [...head];
  const after = tail ?? [];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const bits = [...before, ...zeros, ...after].reduce(
    (sum, group) => (sum << 16n) | BigInt(`0x${group}`),
    0n,
  );
  return bits >> 32n === MAPPED ? { version: 4, bits: bits & 0xffff_ffffn } : { version, bits };
}

/** Returns the same text for all spellings of an address. */
export const ipName = ({ version, bits }: Ip): string => `${version}/${bits}`;

export type CidrReading =
  | { readonly ok: true; readonly contains: (text: string) => boolean }
  | { readonly ok: false; readonly reason: string };

const NO_CIDR = 'is no CIDR: write one such as 10.0.0.0/8 or 2001:db8::/32';

/** Parses a CIDR. Bits of its address that are outside the prefix are ignored. */
export function parseCidr(source: string): CidrReading {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(source) ?? [];
  const ip = ipOf(address);
  if (ip === undefined) return { ok: false, reason: NO_CIDR };
  const width = ip.version === 4 ? 32 : 128;
  const prefix = Number(digits);
  if (prefix > width) return { ok: false, reason: NO_CIDR };
  if (prefix === width) {
    return { ok: false, reason: `names one address: write the address alone, as a text in the list` };
  }
  const behind = BigInt(width - prefix);
  return {
    ok: true,
    contains(text) {
      const other = ipOf(text);
      return other?.version === ip.version && other.bits >> behind === ip.bits >> behind;
    },
  };
}
