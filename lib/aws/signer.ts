// Signs requests to AWS with @smithy/signature-v4, which keeps the signing key of a day. The hash given to it keeps that key
// in the form in which OpenSSL uses it, because making it anew for each request costs as much as the hash.
import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentialIdentityProvider, Hash, Provider, SourceData } from '@smithy/types';

const keys = new WeakMap<Uint8Array, KeyObject>();

class Sha256 implements Hash {
  private readonly hash: { update(data: Uint8Array): unknown; digest(): Uint8Array };
  constructor(secret?: SourceData) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', keyOf(secret));
  }
  update(data: Uint8Array): void {
    this.hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  reset(): void {
    throw new TypeError('a hash is used once');
  }
}

function keyOf(secret: SourceData): KeyObject | string {
  if (typeof secret === 'string') return secret;
  const bytes = ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
  if (!(secret instanceof Uint8Array)) return createSecretKey(bytes);
  const known = keys.get(secret) ?? createSecretKey(bytes);
  keys.set(secret, known);
  return known;
}

/** Makes the signer of one service, for `credentials` and `region` as they are at the time of each request. */
export const createSigner = (
  service: string,
  {
    credentials,
    region,
  }: { readonly credentials: AwsCredentialIdentityProvider; readonly region: Provider<string> },
): SignatureV4 => new SignatureV4({ service, credentials, region, sha256: Sha256 });
