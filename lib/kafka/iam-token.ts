// The function's own role as credentials for Amazon MSK: a URL signed for a quarter of an hour, used as the token of SASL's
// OAUTHBEARER.
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentialIdentityProvider, SourceData } from '@smithy/types';

export type IamTokenDeps = {
  readonly credentials: AwsCredentialIdentityProvider;
  /** The function's own region, for a cluster whose name has none. */
  readonly region: () => Promise<string>;
  readonly now: () => number;
};

const LIFETIME_SECONDS = 900;

/** Returns the function that makes tokens. It throws when there are no credentials. */
export function createIamToken({ credentials, region: ownRegion, now }: IamTokenDeps) {
  return async (clusterRegion?: string): Promise<string> => {
    const region = clusterRegion ?? (await ownRegion());
    const hostname = `kafka.${region}.amazonaws.com`;
    const signer = new SignatureV4({
      service: 'kafka-cluster',
      region,
      credentials,
      sha256: Sha256,
      applyChecksum: false,
    });
    const signed = await signer.presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname,
        path: '/',
        query: { Action: 'kafka-cluster:Connect' },
        headers: { host: hostname },
      },
      { expiresIn: LIFETIME_SECONDS, signingDate: new Date(now()) },
    );
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(signed.query ?? {})) query.set(name, String(value));
    // Not part of the signature, as with AWS's own signers: MSK writes it into its log.
    query.set('User-Agent', 'sqs-webhooks');
    return Buffer.from(`https://${hostname}/?${query.toString()}`).toString('base64url');
  };
}

class Sha256 {
  #hash;
  constructor(secret?: SourceData) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: SourceData): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new Error('is made anew for each signature');
  }
}

const bytesOf = (data: SourceData): Buffer =>
  typeof data === 'string'
    ? Buffer.from(data)
    : ArrayBuffer.isView(data)
      ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
      : Buffer.from(data);
