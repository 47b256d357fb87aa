// The TLS settings of a connection.
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { tlsOptionsOf } from '#lib/callback/tls.ts';

const settings = (id: string) => {
  const trusted = rootCertificates.slice(0, 1);
  return { id, trusted, verifyHost: true, trustAll: false };
};

test('the certificates of equal settings are parsed once', () => {
  const { secureContext } = tlsOptionsOf(settings('one'));
  expect(tlsOptionsOf(settings('one')).secureContext).toBe(secureContext);
  expect(tlsOptionsOf(settings('other')).secureContext).not.toBe(secureContext);
});
