import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressRules, isCidr, isForbiddenCidr, wholePrivateRangeIn } from '#lib/callback/address.ts';

const strict = addressRules({ allowedCidrs: [], allowThisMachine: false });

describe('an address that may be called', () => {
  it.each(['8.8.8.8', '1.1.1.1', '54.240.0.1', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e'])(
    '%s is public',
    (address) => expect(strict.refusal(address)).toBeUndefined(),
  );

  it.each([
    ['127.0.0.1', 'a loopback address'],
    ['::1', 'a loopback address'],
    ['169.254.169.254', 'a link-local address'],
    ['fe80::1', 'a link-local address'],
    ['fd00:ec2::254', "an address of the cloud's own services"],
    ['::ffff:8.8.8.8', 'an IPv4-mapped address'],
    ['::ffff:808:808', 'an IPv4-mapped address'],
    ['64:ff9b::a01:203', 'a translated address'],
    ['64:ff9b::', 'a translated address'],
    ['64:ff9b::1', 'a translated address'],
    ['64:ff9b::a9fe:a9fe', 'a translated address'],
    ['64:ff9b::169.254.169.254', 'a translated address'],
    ['64:ff9b:0:0:0:0:c0a8:0', 'a translated address'],
    ['64:ff9b:1::808:808', 'a translated address'],
    ['64:ff9b::1:0:808:808', 'a reserved address'],
    ['2002:808:808::1', 'a translated address'],
    ['10.1.2.3', 'a private address'],
    ['fd12::1', 'a private address'],
    ['255.255.255.255', 'a reserved address'],
    ['4000::1', 'a reserved address'],
  ])('%s is refused as %s', (address, reason) => expect(strict.refusal(address)).toBe(reason));

  it.each(['', 'localhost', '127.1', '0177.0.0.1', '8.8.8.8 ', '[::1]', '2606:4700::1%eth0', '8.8.8.8/32'])(
    '"%s" is no address and refused',
    (text) => expect(strict.refusal(text)).toBe('not an IP address'),
  );

  it('is never an IPv4 address that was wrapped into IPv6, whatever the address', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), ([a, b, c, d]) => {
        const high = ((a << 8) | b).toString(16);
        const low = ((c << 8) | d).toString(16);
        const wrapped = [`::ffff:${high}:${low}`, `::${high}:${low}`, `2002:${high}:${low}::`];
        expect(wrapped.map((address) => strict.refusal(address))).not.toContain(undefined);
      }),
    );
  });

  it('is a translated one (NAT64) exactly where the IPv4 address within it is public', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const refuses = (address: string) => strict.refusal(address) !== undefined;
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), ([a, b, c, d]) => {
        const hex = [(a << 8) | b, (c << 8) | d].map((half) => half.toString(16)).join(':');
        const within = refuses(`${a}.${b}.${c}.${d}`);
        expect([`64:ff9b::${hex}`, `64:ff9b::${a}.${b}.${c}.${d}`].map(refuses)).toEqual([within, within]);
      }),
    );
    expect(strict.refusal('64:ff9b::808:0')).toBeUndefined();
  });
});

describe('allowed CIDRs', () => {
  const rules = addressRules({ allowedCidrs: ['10.20.0.0/16', 'fd12:3456::/32'], allowThisMachine: false });

  it('open what they hold and nothing beside it', () => {
    expect(['10.20.0.0', '10.20.255.255', 'fd12:3456::1'].map((a) => rules.refusal(a))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(['10.19.255.255', '10.21.0.0', 'fd12:3457::1'].map((a) => rules.refusal(a))).toEqual([
      'a private address',
      'a private address',
      'a private address',
    ]);
  });

  it('open no wrapped form of what they hold', () => {
    expect(rules.refusal('::ffff:10.20.0.1')).toBe('an IPv4-mapped address');
    expect(rules.refusal('64:ff9b::10.20.0.1')).toBe('a translated address');
  });

  it('never open loopback, link-local or translated addresses', () => {
    const all = addressRules({ allowedCidrs: ['0.0.0.0/0', '::/0'], allowThisMachine: false });
    expect(all.refusal('192.168.1.1')).toBeUndefined();
    for (const address of [
      '127.0.0.1',
      '169.254.169.254',
      '0.0.0.0',
      '::1',
      '::',
      'fe80::1',
      'fd00:ec2::254',
    ]) {
      expect(all.refusal(address), address).toBeDefined();
    }
    for (const address of [
      '::ffff:127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::c0a8:101',
      '2002:7f00:1::',
      '::7f00:1',
    ]) {
      expect(all.refusal(address), address).toBeDefined();
    }
  });

  it.each([
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '/8',
    'example.com/8',
    '10.0.0.0/8 ',
    '10.0.0.0/-1',
  ])('are refused when malformed: "%s"', (cidr) => {
    expect(isCidr(cidr)).toBe(false);
    expect(() => addressRules({ allowedCidrs: [cidr], allowThisMachine: false })).toThrow(cidr);
  });
});

describe('a CIDR', () => {
  it.each([
    '10.20.30.40/8',
    '10.20.0.0/8',
    '10.128.0.0/8',
    '192.168.1.1/31',
    'fd12:3456::1/32',
    'fd12:3456:1::/32',
  ])('%s is none: it has bits behind its prefix', (cidr) => expect(isCidr(cidr)).toBe(false));
  it.each([
    '10.20.30.40/32',
    '10.128.0.0/9',
    '192.168.1.2/31',
    'FD12:3456::/32',
    'fd00::1/128',
    '64:ff9b::1.2.3.0/120',
    '0.0.0.0/0',
  ])('%s has no bits behind its prefix', (cidr) => expect(isCidr(cidr)).toBe(true));
  it.each([
    '127.1.0.0/16',
    '127.0.0.0/8',
    '0.0.0.0/0',
    '::/0',
    '::1/128',
    '0:0:0:0:0:0:0:1/128',
    '169.254.169.254/32',
    'fe90::/16',
    'fd00:ec2::254/128',
  ])('%s is never allowed', (cidr) => expect(isForbiddenCidr(cidr)).toBe(true));
  it.each([
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '192.0.0.0/8',
    '100.64.0.0/10',
    '96.0.0.0/3',
    'fd00::/8',
    'fc00::/7',
    '0.0.0.0/1',
  ])('%s holds a whole private range', (cidr) => {
    expect(wholePrivateRangeIn([cidr])).toEqual(expect.any(String));
    expect(isForbiddenCidr(cidr)).toBe(false);
  });
  it.each([
    '10.0.0.0/9',
    '172.16.0.0/13',
    '192.168.0.0/17',
    '100.64.0.0/11',
    'fd00::/9',
    'fd12:3456::/32',
    '8.0.0.0/8',
  ])('%s holds none', (cidr) => {
    expect(wholePrivateRangeIn([cidr])).toBeUndefined();
    expect(isForbiddenCidr(cidr)).toBe(false);
  });
});

it.each([
  ['10.128.0.0/9,10.0.0.0/9', '10.0.0.0/8'],
  ['10.0.0.0/16,10.0.0.0/9,10.128.0.0/10,10.192.0.0/10', '10.0.0.0/8'],
  ['fd80::/9,8.0.0.0/8,fd00::/9', 'fd00::/8'],
  ['0.0.0.0/1,128.0.0.0/1', '10.0.0.0/8'],
  ['10.0.0.0/9,10.128.0.0/10,10.192.0.0/11', undefined],
  ['10.0.0.1/32,10.128.0.0/9', undefined],
  ['fd00::/9,128.0.0.0/1', '172.16.0.0/12'],
  ['', undefined],
])('%s together hold all of %s', (cidrs, range) => {
  expect(wholePrivateRangeIn(cidrs.split(',').filter((cidr) => cidr !== ''))).toBe(range);
});

describe('a deployment on one machine', () => {
  const rules = addressRules({ allowedCidrs: [], allowThisMachine: true });

  it('may call loopback', () => {
    expect(['127.0.0.1', '127.1.2.3', '::1'].map((a) => rules.refusal(a))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('may still call neither link-local, private nor wrapped loopback addresses', () => {
    for (const address of [
      '169.254.169.254',
      'fe80::1',
      '10.0.0.1',
      '0.0.0.0',
      '::',
      '::ffff:127.0.0.1',
      '::2',
    ]) {
      expect(rules.refusal(address), address).toBeDefined();
    }
  });
});
