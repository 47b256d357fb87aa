// Which certificates of a trust store are those of public authorities.
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { dividedByPublic } from '#lib/credentials/public-authorities.ts';
import { pem } from '#test/support/tls/private.ts';

const ROOT = pem('ca.crt');
const BETWEEN = pem('intermediate.crt');
const SERVER = pem('server.crt');
const ofBetween = new X509Certificate(pem('client-ec.crt')).toString();

test.each([
  ['the authority itself', [ROOT], [ROOT]],
  ['an authority that it issued, with it', [BETWEEN, ROOT], [BETWEEN, ROOT]],
  ['an authority that it issued, alone', [BETWEEN], [BETWEEN]],
  ['a server that it issued, which vouches for nobody else', [SERVER, ROOT], [ROOT]],
  ['a client below two authorities', [ofBetween, BETWEEN], [BETWEEN]],
])('with a public authority: %s', (_, store, trustedForHost) => {
  expect(dividedByPublic([...store], [ROOT])).toEqual({
    trusted: store.filter((one) => !trustedForHost.includes(one)),
    trustedForHost,
  });
});

test('a private authority and those below it are none', () => {
  const store = [ROOT, BETWEEN, SERVER];
  expect(dividedByPublic(store)).toEqual({ trusted: store, trustedForHost: [] });
});

test('a store of one authority many times is not looked at for long: what is left counts as public', () => {
  const store = Array.from({ length: 600 }, () => BETWEEN);
  expect(dividedByPublic(store, [ROOT]).trustedForHost).toHaveLength(600);
});
