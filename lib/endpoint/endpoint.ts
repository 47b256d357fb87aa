// An endpoint, parsed: where the dead letters of its subscriptions go. schema.ts reads it from its config item.
import type { SecretReference } from '#lib/item/secret-reference.ts';

export type Endpoint = KafkaEndpoint | SqsEndpoint;

/** The queue `undeliverable` is an endpoint of this name, without an item. */
export const UNDELIVERABLE = 'undeliverable';

export type SqsEndpoint = {
  readonly name: string;
  /** The only tenant whose subscriptions may name it; undefined: all may. */
  readonly tenant?: string | undefined;
  readonly type: 'sqs';
  readonly configuration: { readonly queueUrl: string } | { readonly queueArn: string };
};

export type KafkaEndpoint = {
  readonly name: string;
  /** The only tenant whose subscriptions may name it; undefined: all may. */
  readonly tenant?: string | undefined;
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
  /** Set exactly for SASL protocols. */
  readonly sasl?: Sasl | undefined;
  /** Set only for SSL protocols. */
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
