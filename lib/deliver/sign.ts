// Signs one attempt by Standard Webhooks: over its id, its timestamp and the body's bytes, with each of the
// subscription's keys, so that keys can be rotated. An unreadable key is a value (`unsent`): nothing was sent or claimed.

import * as z from 'zod';
import type { CredentialFailure } from '#lib/credentials/failure.ts';
import { readEntry } from '#lib/credentials/secret-entry.ts';
import type { Secrets } from '#lib/credentials/secrets.ts';
import { field } from '#lib/item/field.ts';
import { readSigningKey, type SigningKey } from '#lib/subscription/signing-key.ts';
import { MOST_KEYS, type Signing } from '#lib/subscription/signing-schema.ts';
import type { CallbackRequest } from './request.ts';

export type SignedRequest =
  | { readonly ok: true; readonly headers: CallbackRequest['headers'] }
  | CredentialFailure;

type Keys =
  | { readonly ok: true; readonly keys: readonly SigningKey[] }
  | Extract<SignedRequest, { ok: false }>;

// The secret holds {"value": key}, {"value": [key, key]} during a rotation, or the key alone.
const inSecret = field(() =>
  z.unknown().transform((value, { issues }) => {
    const held = typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
    const texts = Array.isArray(held) ? held : [held];
    const no = (message: string) => {
      issues.push({ code: 'custom', message, input: '' });
      return z.NEVER;
    };
    if (texts.length === 0 || texts.length > MOST_KEYS)
      return no(`must hold one to ${MOST_KEYS} keys as value`);
    const keys: SigningKey[] = [];
    for (const text of texts) {
      const read = typeof text === 'string' ? readSigningKey(text.trim()) : NO_TEXT;
      if (!read.ok) return no(`holds a key that is none: it ${read.reason}`);
      keys.push(read.key);
    }
    return keys;
  }),
);
const NO_TEXT = { ok: false, reason: 'must be text' } as const;

/** Returns the headers with `webhook-signature` added and the id encoded, or why there is no signature. Never rejects. */
export async function signed(
  { headers, body }: Pick<CallbackRequest, 'headers' | 'body'>,
  signing: Signing | undefined,
  deps: { readonly secrets: Pick<Secrets, 'read' | 'readAnew'> },
): Promise<SignedRequest> {
  if (signing === undefined) return { ok: true, headers };
  const read = await keysOf(signing, deps);
  if (!read.ok) return read;
  const id = withoutDots(headers['webhook-id'] ?? '');
  const content = Buffer.concat([Buffer.from(`${id}.${headers['webhook-timestamp']}.`), body]);
  const signature = read.keys.map((key) => key.signatureOf(content)).join(' ');
  return { ok: true, headers: { ...headers, 'webhook-id': id, 'webhook-signature': signature } };
}

/**
 * The id as a signed request carries it. A signature is over `id.timestamp.body`, and libraries do not check where an id
 * ends: with a dot in it, the same signature would be right for a shorter id and another timestamp. `%` is encoded too, so
 * that decodeURIComponent gives each id back.
 */
const withoutDots = (id: string): string => id.replaceAll('%', '%25').replaceAll('.', '%2E');

async function keysOf(
  { keys = [], secrets = [] }: Signing,
  deps: Parameters<typeof signed>[2],
): Promise<Keys> {
  const found: SigningKey[] = [];
  for (const text of keys) {
    const read = readSigningKey(text);
    if (read.ok) found.push(read.key);
  }
  for (const read of await Promise.all(secrets.map((reference) => readEntry(reference, inSecret(), deps)))) {
    if (!read.ok) return read;
    found.push(...read.value);
  }
  return { ok: true, keys: found };
}
