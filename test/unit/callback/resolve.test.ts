// The first look at where a callback's name leads, when it is registered.
import { expect, test } from 'vitest';
import { addressRules } from '#lib/callback/address.ts';
import { checkAddresses } from '#lib/callback/resolve.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'public.example.com': ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'],
  'inside.example.com': ['10.0.0.7'],
  'mixed.example.com': ['93.184.215.14', '10.0.0.7'],
  'mapped.example.com': ['::ffff:169.254.169.254'],
  'allowed.example.com': ['10.20.0.7'],
};
const deps = {
  addresses: addressRules({ allowedCidrs: ['10.20.0.0/16'], allowThisMachine: false }),
  async lookup(name: string) {
    const found = NAMES[name];
    if (found === undefined) throw Object.assign(new Error(name), { code: 'ENOTFOUND' });
    return found.map((address) => ({ address }));
  },
};

test.each([
  ['https://public.example.com/x', undefined],
  ['https://allowed.example.com/x', undefined],
  ['https://inside.example.com/x', 'leads to a private address'],
  // One bad answer refuses: which of them a connection would take nobody knows.
  ['https://mixed.example.com/x', 'leads to a private address'],
  ['https://mapped.example.com/x', 'leads to an IPv4-mapped address'],
  ['https://nobody.example.com/x', 'has a host name without an address'],
  // The URL's own check has looked at these.
  ['https://10.0.0.7/x', undefined],
  ['https://[::1]/x', undefined],
])('%s: %s', async (url, refusal) => {
  expect(await checkAddresses(url, deps)).toBe(refusal);
});
