// A subscription's `ssl`: reads its stores from secrets or the item, once per content. A failure is a value: nothing was sent.
import * as z from 'zod';
import type { TlsSettings } from '#lib/callback/tls.ts';
import { field } from '#lib/item/field.ts';
import type { SecretReference } from '#lib/item/secret-reference.ts';
import type { Ssl } from '#lib/subscription/ssl-schema.ts';
import type { CredentialFailure } from './failure.ts';
import { contentId, createOpenedContents } from './opened-contents.ts';
import { dividedByPublic } from './public-authorities.ts';
import { readEntry } from './secret-entry.ts';
import type { Secrets } from './secrets.ts';
import * as stores from './stores.ts';

export type SslRead =
  /** Undefined: the defaults, as without `ssl`. */
  { readonly ok: true; readonly tls: TlsSettings | undefined } | CredentialFailure;

type Kept<T> = { readonly ok: true; readonly id: string; readonly store: T } | CredentialFailure;

const text = () => z.string().min(1);
/** A secret that is no JSON is the store itself. */
const alone = (contentOf: (text: string) => object) => (value: unknown) =>
  typeof value === 'string' ? contentOf(value) : value;
const inSecret = {
  pem: field(() =>
    z.preprocess(
      alone((content) => ({ content })),
      z.object({ content: text() }),
    ),
  ),
  pemKey: field(() =>
    z.preprocess(
      alone((both) => ({ certContent: both, keyContent: both })),
      z.object({ certContent: text(), keyContent: text() }),
    ),
  ),
  pkcs12: field(() =>
    z.preprocess(
      alone((content) => ({ content })),
      z.object({
        content: text(),
        password: z.string().optional(),
        alias: text().optional(),
        keyPassword: text().optional(),
      }),
    ),
  ),
};

export type SslDeps = {
  readonly secrets: Pick<Secrets, 'read' | 'readAnew'>;
  /** Whether a certificate of a public authority may be for another host, where `hostnameVerifier` is false. */
  readonly allowAnyHostname?: boolean;
};

/** Returns the TLS settings of a subscription of this tenant, or why there are none. Rejects only with a LocalFault, as `openPkcs12` does. */
export function createSslReader(deps: SslDeps): (ssl: Ssl | undefined, tenant: string) => Promise<SslRead> {
  const opened = createOpenedContents();

  async function open<T>(
    { what, tenant }: { readonly what: 'trustStore' | 'keyStore'; readonly tenant: string },
    content: readonly unknown[],
    read: () => stores.Store<T> | Promise<stores.Store<T>>,
  ): Promise<Kept<T>> {
    const id = contentId([what, ...content]);
    const result = await opened({ id, tenant }, read);
    if (result.ok) return { ok: true, id, store: result.store };
    const code = what === 'trustStore' ? 'trust-store-invalid' : 'key-store-invalid';
    return { ok: false, code, message: `the ${what} of ssl ${result.reason}` };
  }

  async function trustStore(
    { trustStore: given }: Ssl,
    tenant: string,
  ): Promise<Kept<stores.Trusted> | undefined> {
    if (given === undefined || given.type === 'NONE') return undefined;
    if (given.type === 'PEM') {
      const read = await from(given.secret, inSecret.pem(), given);
      if (!read.ok) return read;
      const { content = '' } = read.value;
      return open({ what: 'trustStore', tenant }, ['PEM', content], () => stores.trustedFromPem(content));
    }
    const read = await from(given.secret, inSecret.pkcs12(), given);
    if (!read.ok) return read;
    const { content = '', password = given.password } = read.value;
    return open({ what: 'trustStore', tenant }, ['PKCS12', content, password], () =>
      stores.trustedFromPkcs12({ content, password }),
    );
  }

  async function keyStore({ keyStore: given }: Ssl, tenant: string): Promise<Kept<stores.Own> | undefined> {
    if (given === undefined || given.type === 'NONE') return undefined;
    if (given.type === 'PEM') {
      const read = await from(given.secret, inSecret.pemKey(), given);
      if (!read.ok) return read;
      const { certContent = '', keyContent = '' } = read.value;
      return open({ what: 'keyStore', tenant }, ['PEM', certContent, keyContent], () =>
        stores.ownFromPem(certContent, keyContent),
      );
    }
    const read = await from(given.secret, inSecret.pkcs12(), given);
    if (!read.ok) return read;
    const {
      content = '',
      password = given.password,
      alias = given.alias,
      keyPassword = given.keyPassword,
    } = read.value;
    const all = { content, password, alias, keyPassword };
    return open({ what: 'keyStore', tenant }, ['PKCS12', ...Object.values(all)], () =>
      stores.ownFromPkcs12(all),
    );
  }

  /** The content of the secret, or that in the item. */
  async function from<S extends z.ZodType, T>(secret: SecretReference | undefined, schema: S, given: T) {
    return secret === undefined
      ? ({ ok: true, value: given } as const)
      : await readEntry(secret, schema, deps);
  }

  return async (ssl, tenant) => {
    if (ssl === undefined) return { ok: true, tls: undefined };
    const [trusted, own] = await Promise.all([trustStore(ssl, tenant), keyStore(ssl, tenant)]);
    if (trusted?.ok === false) return trusted;
    if (own?.ok === false) return own;
    const { hostnameVerifier: verifyHost, trustAll } = ssl;
    if (trusted === undefined && own === undefined && verifyHost && !trustAll)
      return { ok: true, tls: undefined };
    return {
      ok: true,
      tls: {
        id: [trusted?.id, own?.id, verifyHost, trustAll].join(' '),
        ...(trusted && { trusted: trusted.store }),
        ...(trusted && !verifyHost && !deps.allowAnyHostname && dividedByPublic(trusted.store)),
        ...(own && { own: own.store }),
        verifyHost,
        trustAll,
      },
    };
  };
}
