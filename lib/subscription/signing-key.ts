// One Standard Webhooks key: how it is written, and how it signs. sign.ts reads the keys and builds what is signed.
// https://github.com/standard-webhooks/standard-webhooks
import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

export type SigningKey = {
  /** As in the header: that of Standard Webhooks begins with its version, `v1,…` or `v1a,…`. */
  signatureOf(content: Buffer): string;
};

export type ReadSigningKey =
  | { readonly ok: true; readonly key: SigningKey }
  /** A sentence that never contains the key. */
  | { readonly ok: false; readonly reason: string };

/** The specification's bounds, 192 and 512 bits. */
const SHORTEST_BYTES = 24;
const LONGEST_BYTES = 64;
const ED25519_BYTES = 32;
// Prefix of the 32 bytes of an ed25519 key in PKCS#8 (RFC 8410, section 7).
const PKCS8_OF_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** Parses a key in base64: `whsec_` is HMAC-SHA256 (v1), `whsk_` an ed25519 private key (v1a). */
export function readSigningKey(text: string): ReadSigningKey {
  const prefix = /^wh(?:sec|sk|pk)_/.exec(text)?.[0];
  if (prefix === undefined) return no('must begin with whsec_ (HMAC) or whsk_ (ed25519), base64 after it');
  if (prefix === 'whpk_') return no('is a public key: the receiver has that one, put the private key, whsk_');
  const encoded = text.slice(prefix.length);
  if (!BASE64.test(encoded)) return no(`must be base64 after ${prefix}`);
  const bytes = Buffer.from(encoded, 'base64');
  return prefix === 'whsec_' ? hmacKey(bytes) : ed25519Key(bytes);
}

function hmacKey(bytes: Buffer): ReadSigningKey {
  if (bytes.length < SHORTEST_BYTES) {
    return no(
      `is too short: it must hold at least ${SHORTEST_BYTES} bytes, which is 32 characters of base64`,
    );
  }
  if (bytes.length > LONGEST_BYTES) return no(`is too long: it must hold at most ${LONGEST_BYTES} bytes`);
  return yes((content) => `v1,${createHmac('sha256', bytes).update(content).digest('base64')}`);
}

/** The ed25519 seed, alone or followed by the public key, as most libraries write it. */
function ed25519Key(bytes: Buffer): ReadSigningKey {
  if (bytes.length !== ED25519_BYTES && bytes.length !== 2 * ED25519_BYTES) {
    return no('must hold 32 bytes, or 64 with the public key behind');
  }
  const seed = bytes.subarray(0, ED25519_BYTES);
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_OF_ED25519, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  if (bytes.length > ED25519_BYTES && !bytes.subarray(ED25519_BYTES).equals(publicBytesOf(key))) {
    return no('holds a public key that is not the one of its private key');
  }
  return yes((content) => `v1a,${sign(null, content, key).toString('base64')}`);
}

const publicBytesOf = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-ED25519_BYTES);

/** Parses a key of another scheme, which is any text: HMAC-SHA256 of its UTF-8 bytes, written without a version. */
export function readTextKey(text: string, encoding: 'hex' | 'base64'): ReadSigningKey {
  if (text.trim() === '') return no('must be a text that is not empty');
  return yes((content) => createHmac('sha256', text).update(content).digest(encoding));
}

const no = (reason: string): ReadSigningKey => ({ ok: false, reason });
const yes = (signatureOf: SigningKey['signatureOf']): ReadSigningKey => ({ ok: true, key: { signatureOf } });
