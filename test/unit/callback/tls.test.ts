// The TLS settings of a connection.
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { tlsOptionsOf } from '#lib/callback/tls.ts';

const settings = (id: string) => {
  const trusted = rootCertificates.slice(0, 1);
  return { id, trusted, verifyHost: true, trustAll: false };
};

test('the certificates of equal settings are parsed once', () => {
  const { secureContext } = tlsOptionsOf(settings('one'), 'a');
  expect(tlsOptionsOf(settings('one'), 'a').secureContext).toBe(secureContext);
  expect(tlsOptionsOf(settings('other'), 'a').secureContext).not.toBe(secureContext);
});

test("many settings of one tenant don't make it forget those of others", () => {
  const { secureContext } = tlsOptionsOf(settings('one'), 'neighbour');
  for (let at = 0; at < 100; at++) tlsOptionsOf(settings(`${at}`), 'offender');
  expect(tlsOptionsOf(settings('one'), 'neighbour').secureContext).toBe(secureContext);
});
