// A subscription's proxy: its address, and credentials from a secret or the item. A failure is a value: nothing was sent.
import { hash } from 'node:crypto';
import * as z from 'zod';
import { bareHost } from '#lib/callback/guard.ts';
import type { ProxySettings } from '#lib/callback/tunnel.ts';
import { field } from '#lib/item/field.ts';
import { type ProxyOptions, proxyPassword, proxyUsername } from '#lib/subscription/proxy-schema.ts';
import type { CredentialFailure } from './failure.ts';
import { readEntry } from './secret-entry.ts';
import type { Secrets } from './secrets.ts';

export type ProxyRead =
  /** Undefined: the proxy needs none. */
  { readonly ok: true; readonly proxy: ProxySettings | undefined } | CredentialFailure;

const inSecret = field(() => z.object({ username: proxyUsername(), password: proxyPassword().optional() }));

/** Returns the proxy's settings, or why there are none. Never rejects. */
export async function readProxy(
  given: ProxyOptions | undefined,
  deps: { readonly secrets: Pick<Secrets, 'read' | 'readAnew'> },
): Promise<ProxyRead> {
  if (given?.enabled !== true || given.host === undefined || given.port === undefined) {
    return { ok: true, proxy: undefined };
  }
  let { username, password } = given;
  if (given.secret !== undefined) {
    const read = await readEntry(given.secret, inSecret(), deps);
    if (!read.ok) return read;
    ({ username, password } = read.value);
    if (given.type === 'SOCKS4' && password !== undefined) {
      const message = `the secret ${given.secret.name} has a password, which SOCKS4 does not know: make the proxy's type SOCKS5`;
      return { ok: false, code: 'secret-invalid', message };
    }
  }
  const settings = { type: given.type, host: bareHost(given.host), port: given.port, username, password };
  return { ok: true, proxy: { ...settings, id: hash('sha256', JSON.stringify(settings)) } };
}
