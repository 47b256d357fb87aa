// One request for an OAuth2 token by client credentials, through the guarded client, because a token endpoint is a
// stranger's URL too. Imported when a token is first needed; token.ts caches tokens.
import { rootCertificates } from 'node:tls';
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrantRequest,
  customFetch,
} from 'oauth4webapi';
import type { CallbackClient, Exchange } from '#lib/callback/client.ts';
import { LocalFault } from '#lib/callback/local-fault.ts';
import { errorName } from '#lib/telemetry/log.ts';
import { signAssertion } from './assertion.ts';
import { type TokenAnswer, type TokenConnection, type TokenCredentials, tokenKeyOf } from './token.ts';
import { tokenAnswerOf } from './token-answer.ts';

/** Milliseconds for the whole request. */
const TIMEOUT_MS = 10_000;

const POOL = {
  connectTimeoutMs: 3_000,
  idleTimeoutMs: 60_000,
  // token.ts makes one request of a client at a time.
  connections: 1,
  // A stale pooled connection would cost a delivery.
  fresh: true,
};

/**
 * Requests a token from an OAuth2 token endpoint. A failure is a value with a sentence; never throws for an answer.
 * Throws a LocalFault when this environment has no free socket.
 */
export async function requestToken(
  credentials: TokenCredentials,
  connection: TokenConnection,
  { callback, now }: { readonly callback: Pick<CallbackClient, 'exchange'>; readonly now: () => number },
): Promise<TokenAnswer> {
  const asking = await clientOf(credentials, connection.tenant, now());
  if (!asking.ok) return { ok: false, code: 'credentials-invalid', message: asking.message };
  const { endpoint, clientId, clientAuth, scopes } = asking;
  const origin = URL.parse(endpoint)?.origin;
  if (origin === undefined) {
    return { ok: false, code: 'credentials-invalid', message: 'the token endpoint is not a URL: mend it' };
  }
  const server = { issuer: endpoint, token_endpoint: endpoint };
  const client = { client_id: clientId };
  const parameters = new URLSearchParams(scopes.length > 0 ? { scope: scopes.join(' ') } : {});
  const { tenant, proxy } = connection;
  const key = `token ${tokenKeyOf(credentials, connection)}`;
  let exchange: Exchange | undefined;
  try {
    await clientCredentialsGrantRequest(server, client, clientAuth, parameters, {
      // The guard decides whether plain http is allowed.
      [allowInsecureRequests]: true,
      [customFetch]: async (url, { headers, body }) => {
        exchange = await callback.exchange({
          url,
          headers,
          body: Buffer.from(String(body)),
          timeoutMs: TIMEOUT_MS,
          // Its own, because another client may have a slow endpoint at the same origin.
          pool: { ...POOL, key, tenant, proxy, tls: trustingPublicToo(connection.tls) },
        });
        // token-answer.ts reads the exchange itself: the library refuses answers for members that nobody uses.
        return new Response();
      },
    });
  } catch (error) {
    if (error instanceof LocalFault) throw error;
    const message = `no token from ${origin}: it could not be asked (${errorName(error)})`;
    return { ok: false, code: 'token-unreachable', message };
  }
  if (exchange === undefined) throw new TypeError('the library made no request');
  return tokenAnswerOf(exchange, origin);
}

/**
 * A callback with a private authority often has its tokens from a public server. Anybody can have a certificate of a public
 * authority, so it counts for its host only: the client secret goes there.
 */
function trustingPublicToo(tls: TokenConnection['tls']): TokenConnection['tls'] {
  if (tls?.trusted === undefined) return tls;
  const trustedForHost = [...rootCertificates, ...(tls.trustedForHost ?? [])];
  return { ...tls, id: `${tls.id} and public`, trustedForHost };
}

type Asking =
  | {
      readonly ok: true;
      readonly endpoint: string;
      readonly clientId: string;
      readonly clientAuth: ClientAuth;
      readonly scopes: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

async function clientOf(credentials: TokenCredentials, tenant: string, now: number): Promise<Asking> {
  if (credentials.type === 'oauth2') {
    const { endpoint, clientId, clientSecret, clientAuthentication, scopes = [] } = credentials;
    const clientAuth =
      clientAuthentication === 'client_secret_basic'
        ? ClientSecretBasic(clientSecret)
        : ClientSecretPost(clientSecret);
    return { ok: true, endpoint, clientId, clientAuth, scopes };
  }
  const signed = await signAssertion(credentials, tenant, now);
  if (!signed.ok) return signed;
  return {
    ok: true,
    endpoint: credentials.endpoint ?? credentials.audience,
    clientId: credentials.issuer,
    clientAuth: (_server, _client, body) => {
      body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      body.set('client_assertion', signed.assertion);
    },
    scopes: [],
  };
}
