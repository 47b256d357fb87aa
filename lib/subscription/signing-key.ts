// One key of Standard Webhooks: what makes a text a key, and the signature that it gives. Where keys come from, and
// what is signed, is sign.ts's affair. https://github.com/standard-webhooks/standard-webhooks
import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

export type SigningKey = {
  /** With its version before it, as it stands in the header: `v1,…` or `v1a,…`. */
  signatureOf(content: Buffer): string;
};

export type ReadSigningKey =
  | { readonly ok: true; readonly key: SigningKey }
  /** In words that never hold the key. */
  | { readonly ok: false; readonly reason: string };

/** A shorter key can be guessed: 192 bits, by the specification. */
const SHORTEST_BYTES = 24;
const ED25519_BYTES = 32;
// What stands before the 32 bytes of an ed25519 key in PKCS#8 (RFC 8410, section 7).
const PKCS8_OF_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** `whsec_` is an HMAC-SHA256 key (v1), `whsk_` an ed25519 private key (v1a), each in base64. */
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
  return yes((content) => `v1,${createHmac('sha256', bytes).update(content).digest('base64')}`);
}

/** Written as the seed alone, or as most libraries do it, with the public key behind. */
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

const no = (reason: string): ReadSigningKey => ({ ok: false, reason });
const yes = (signatureOf: SigningKey['signatureOf']): ReadSigningKey => ({ ok: true, key: { signatureOf } });
