import { describe, expect, it } from 'vitest';
import { addressRules } from '#lib/callback/address.ts';
import { ADDRESS_REFUSED, checkUrl, guardedLookup, type Lookup } from '#lib/callback/guard.ts';
import { brokenUrls, goodUrls, neverAllowedUrls, privateUrls } from '#test/support/hostile-urls.ts';

const rulesOf = (allowedCidrs: readonly string[] = [], allowThisMachine = false) => ({
  allowHttp: true,
  addresses: addressRules({ allowedCidrs, allowThisMachine }),
});

describe('a callback URL', () => {
  const strict = rulesOf();
  it.each(goodUrls)('may be %s', (url) => expect(checkUrl(url, strict)).toBeUndefined());
  it.each([...neverAllowedUrls, ...privateUrls])('may not be %j', (url) =>
    expect(checkUrl(url, strict)).toMatch(/^leads to /),
  );
  it.each(brokenUrls)('may not be %j', (url) => expect(checkUrl(url, strict)).toBeDefined());

  it.each(neverAllowedUrls)('may not be %j, not even where every CIDR is allowed', (url) =>
    expect(checkUrl(url, rulesOf(['0.0.0.0/0', '::/0']))).toMatch(/^leads to /),
  );
  it.each(privateUrls)('may be %j where every CIDR is allowed', (url) =>
    expect(checkUrl(url, rulesOf(['0.0.0.0/0', '::/0']))).toBeUndefined(),
  );

  it('may be http only where the deployment allows it', () => {
    const https = { ...strict, allowHttp: false };
    expect(checkUrl('http://hooks.example.com/', https)).toBe('must be an https URL');
    expect(checkUrl('https://hooks.example.com/', https)).toBeUndefined();
    expect(checkUrl('http://hooks.example.com/', strict)).toBeUndefined();
    expect(checkUrl('ftp://hooks.example.com/', strict)).toBe('must be an https or http URL');
  });

  it('may be on this machine where the deployment runs on one, and still not on the link', () => {
    const local = rulesOf([], true);
    for (const url of ['http://127.0.0.1:1/', 'http://localhost:1/', 'http://[::1]:1/', 'http://127.1/']) {
      expect(checkUrl(url, local), url).toBeUndefined();
    }
    expect(checkUrl('http://169.254.169.254/', local)).toBe('leads to a link-local address');
    expect(checkUrl('http://[::ffff:127.0.0.1]/', local)).toBe('leads to an IPv4-mapped address');
  });

  it('is refused without its secrets in the reason', () => {
    expect(checkUrl('https://user:secret@hooks.example.com/?token=secret', strict)).toBe(
      'must not carry a user name or password',
    );
  });
});

describe('the lookup of a connection', () => {
  const { addresses } = rulesOf();
  const ask = (lookup: Lookup, all: boolean) =>
    new Promise((resolve) => {
      guardedLookup(lookup, addresses)('hooks.example.com', { all }, (error, found, family) =>
        resolve(error === null ? { found, family } : { code: error.code, message: error.message }),
      );
    });
  const answering =
    (...found: string[]): Lookup =>
    () =>
      Promise.resolve(found.map((address) => ({ address })));

  it('hands over all the addresses that it looked at', async () => {
    expect(await ask(answering('8.8.8.8', '2606:4700::1'), true)).toEqual({
      found: [
        { address: '8.8.8.8', family: 4 },
        { address: '2606:4700::1', family: 6 },
      ],
      family: undefined,
    });
    expect(await ask(answering('2606:4700::1', '8.8.8.8'), false)).toEqual({
      found: '2606:4700::1',
      family: 6,
    });
  });

  it.each([
    [['127.0.0.1']],
    [['8.8.8.8', '127.0.0.1']],
    [['127.0.0.1', '8.8.8.8']],
    [['8.8.8.8', '::ffff:169.254.169.254']],
    [['8.8.8.8', '2606:4700::1', 'fe80::1%eth0']],
    [['not an address']],
  ])('refuses %j: one bad address is enough', async (found) => {
    expect(await ask(answering(...found), true)).toMatchObject({ code: ADDRESS_REFUSED });
    expect(await ask(answering(...found), false)).toMatchObject({ code: ADDRESS_REFUSED });
  });

  it('names no address in its refusal', async () => {
    expect(await ask(answering('10.1.2.3'), true)).toMatchObject({
      message: 'the name leads to a private address',
    });
  });

  it('takes an empty answer for a name that is not there', async () => {
    expect(await ask(answering(), true)).toMatchObject({ code: 'ENOTFOUND' });
  });

  it('passes on the code of a failed lookup', async () => {
    const failing: Lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'EAI_AGAIN' }));
    expect(await ask(failing, true)).toMatchObject({ code: 'EAI_AGAIN' });
  });
});
