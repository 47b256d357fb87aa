// An endpoint as the rest of the code sees it: where the dead letters of the subscriptions that name it go. How it is
// read from a config item is schema.ts's affair.
import type { SecretReference } from '#lib/item/secret-reference.ts';

export type Endpoint = KafkaEndpoint | SqsEndpoint;

/** The queue of what has nowhere else to be is an endpoint by this name, without an item. */
export const UNDELIVERABLE = 'undeliverable';

export type SqsEndpoint = {
  readonly name: string;
  readonly type: 'sqs';
  readonly configuration: { readonly queueUrl: string } | { readonly queueArn: string };
};

export type KafkaEndpoint = {
  readonly name: string;
  readonly type: 'kafka';
  readonly configuration: KafkaConfiguration;
};

export type KafkaConfiguration = {
  /** Each as host:port. */
  readonly bootstrapServers: readonly string[];
  readonly topic: string;
  readonly compressionType: Compression;
  readonly security: KafkaSecurity;
};

export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

export const PROTOCOLS = ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL'] as const;

export type KafkaSecurity = {
  readonly protocol: (typeof PROTOCOLS)[number];
  /** There exactly when the protocol is one of SASL. */
  readonly sasl?: Sasl | undefined;
  /** Only when the protocol is one of SSL. */
  readonly ssl?: KafkaSsl | undefined;
};

export type Sasl =
  | { readonly saslMechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; readonly secret: SecretReference }
  /** The function's own role. */
  | { readonly saslMechanism: 'AWS_MSK_IAM' };

export type KafkaSsl = {
  readonly hostnameVerifier: boolean;
  readonly trustStore?: TrustStore | undefined;
  readonly keyStore?: KeyStore | undefined;
};

export type TrustStore =
  | { readonly type: 'NONE' }
  /** Exactly one of the two. */
  | {
      readonly type: 'PEM';
      readonly certificates?: string | undefined;
      readonly secret?: SecretReference | undefined;
    }
  | { readonly type: 'PKCS12'; readonly secret: SecretReference };

export type KeyStore =
  | { readonly type: 'NONE' }
  | { readonly type: 'PEM' | 'PKCS12'; readonly secret: SecretReference };
