// Signs one attempt with each of the subscription's keys, so that keys can be rotated: by Standard Webhooks, over its id, its
// timestamp and the body's bytes, or by a template. An unreadable key is a value (`unsent`): nothing was sent or claimed.

import * as z from 'zod';
import type { CredentialFailure } from '#lib/credentials/failure.ts';
import { readEntry } from '#lib/credentials/secret-entry.ts';
import type { Secrets } from '#lib/credentials/secrets.ts';
import { field } from '#lib/item/field.ts';
import { withoutDots } from '#lib/message/webhook-id.ts';
import { type SignatureTemplate, TEMPLATES } from '#lib/subscription/signature-template.ts';
import {
  type ReadSigningKey,
  readSigningKey,
  readTextKey,
  type SigningKey,
} from '#lib/subscription/signing-key.ts';
import { MOST_KEYS, type Signing } from '#lib/subscription/signing-schema.ts';
import type { CallbackRequest } from './request.ts';
import { templateHeaders } from './sign-by-template.ts';

export type SignedRequest =
  | { readonly ok: true; readonly headers: CallbackRequest['headers'] }
  | CredentialFailure;

type Keys =
  | { readonly ok: true; readonly keys: readonly SigningKey[] }
  | Extract<SignedRequest, { ok: false }>;
type ReadKey = (text: string) => ReadSigningKey;

// The secret holds {"value": key}, {"value": [key, key]} during a rotation, or the key alone.
const inSecret = (readKey: ReadKey) =>
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
      const read = typeof text === 'string' ? readKey(text.trim()) : NO_TEXT;
      if (!read.ok) return no(`holds a key that is none: it ${read.reason}`);
      keys.push(read.key);
    }
    return keys;
  });

const NO_TEXT = { ok: false, reason: 'must be text' } as const;

/** How keys are read, and the schema of a secret that holds them. */
const keysReadBy = (readKey: ReadKey) => ({ readKey, schema: field(() => inSecret(readKey)) });
const STANDARD = keysReadBy(readSigningKey);
const BY_ENCODING = {
  hex: keysReadBy((text) => readTextKey(text, 'hex')),
  base64: keysReadBy((text) => readTextKey(text, 'base64')),
};

/** Returns the headers with those of the signature added, or why there is none. Never rejects. */
export async function signed(
  { headers, body }: Pick<CallbackRequest, 'headers' | 'body'>,
  signing: Signing | undefined,
  deps: { readonly secrets: Pick<Secrets, 'read' | 'readAnew'> },
): Promise<SignedRequest> {
  if (signing === undefined) return { ok: true, headers };
  const template = templateOf(signing);
  const read = await keysOf(
    signing,
    template === undefined ? STANDARD : BY_ENCODING[template.encoding],
    deps,
  );
  if (!read.ok) return read;
  const {
    'webhook-id': ownId = '',
    'webhook-timestamp': timestamp = '',
    'webhook-topic': topic = '',
  } = headers;
  if (template !== undefined) {
    // The receiver may take the id that was signed from either header.
    const id = template.signed.includes('{id}') ? withoutDots(ownId) : ownId;
    const signature = templateHeaders(template, read.keys, { id, timestamp, topic, body });
    return { ok: true, headers: { ...headers, ...(ownId !== '' && { 'webhook-id': id }), ...signature } };
  }
  const id = withoutDots(ownId);
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const signature = read.keys.map((key) => key.signatureOf(content)).join(' ');
  return { ok: true, headers: { ...headers, 'webhook-id': id, 'webhook-signature': signature } };
}

/** Undefined for Standard Webhooks. */
function templateOf({ scheme, template }: Signing): SignatureTemplate | undefined {
  if (scheme === 'github' || scheme === 'stripe') return TEMPLATES[scheme];
  return scheme === 'template' ? template : undefined;
}

async function keysOf(
  { keys = [], secrets = [] }: Signing,
  { readKey, schema }: typeof STANDARD,
  deps: Parameters<typeof signed>[2],
): Promise<Keys> {
  const found: SigningKey[] = [];
  for (const text of keys) {
    const read = readKey(text);
    if (read.ok) found.push(read.key);
  }
  for (const read of await Promise.all(secrets.map((reference) => readEntry(reference, schema(), deps)))) {
    if (!read.ok) return read;
    found.push(...read.value);
  }
  return { ok: true, keys: found };
}
