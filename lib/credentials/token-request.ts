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
  processClientCredentialsResponse,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import type { CallbackClient, Exchange } from '#lib/callback/client.ts';
import { errorName } from '#lib/telemetry/log.ts';
import { signAssertion } from './assertion.ts';
import type { TokenAnswer, TokenCode, TokenConnection, TokenCredentials } from './token.ts';

/** Milliseconds for the whole request. */
const TIMEOUT_MS = 10_000;

const POOL = {
  key: 'token',
  connectTimeoutMs: 3_000,
  idleTimeoutMs: 60_000,
  connections: 5,
  // A stale pooled connection would cost a delivery.
  fresh: true,
};

/**
 * Requests a token from an OAuth2 token endpoint. A failure is a value with a sentence; never throws for an answer.
 */
export async function requestToken(
  credentials: TokenCredentials,
  connection: TokenConnection,
  { callback, now }: { readonly callback: Pick<CallbackClient, 'exchange'>; readonly now: () => number },
): Promise<TokenAnswer> {
  const asking = await clientOf(credentials, now());
  if (!asking.ok) return { ok: false, code: 'credentials-invalid', message: asking.message };
  const { endpoint, clientId, clientAuth, scopes } = asking;
  if (!URL.canParse(endpoint)) {
    return { ok: false, code: 'credentials-invalid', message: 'the token endpoint is not a URL: mend it' };
  }
  const server = { issuer: endpoint, token_endpoint: endpoint };
  const client = { client_id: clientId };
  const parameters = new URLSearchParams(scopes.length > 0 ? { scope: scopes.join(' ') } : {});
  let exchange: Exchange | undefined;
  try {
    const response = await clientCredentialsGrantRequest(server, client, clientAuth, parameters, {
      // The guard decides whether plain http is allowed.
      [allowInsecureRequests]: true,
      [customFetch]: async (url, { headers, body }) => {
        exchange = await callback.exchange({
          url,
          headers,
          body: Buffer.from(String(body)),
          timeoutMs: TIMEOUT_MS,
          pool: { ...POOL, proxy: connection.proxy, tls: trustingPublicToo(connection.tls) },
        });
        if (exchange.kind !== 'answered') throw new NoAnswer();
        return responseOf(exchange);
      },
    });
    const token = await processClientCredentialsResponse(server, client, response);
    return { ok: true, accessToken: token.access_token, expiresInSeconds: token.expires_in };
  } catch (error) {
    return failureOf(error, exchange, endpoint);
  }
}

/** A callback with a private authority often has its tokens from a public server. */
function trustingPublicToo(tls: TokenConnection['tls']): TokenConnection['tls'] {
  if (tls?.trusted === undefined) return tls;
  return { ...tls, id: `${tls.id} and public`, trusted: [...rootCertificates, ...tls.trusted] };
}

class NoAnswer extends Error {}

type Asking =
  | {
      readonly ok: true;
      readonly endpoint: string;
      readonly clientId: string;
      readonly clientAuth: ClientAuth;
      readonly scopes: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

async function clientOf(credentials: TokenCredentials, now: number): Promise<Asking> {
  if (credentials.type === 'oauth2') {
    const { endpoint, clientId, clientSecret, clientAuthentication, scopes = [] } = credentials;
    const clientAuth =
      clientAuthentication === 'client_secret_basic'
        ? ClientSecretBasic(clientSecret)
        : ClientSecretPost(clientSecret);
    return { ok: true, endpoint, clientId, clientAuth, scopes };
  }
  const signed = await signAssertion(credentials, now);
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

const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

function responseOf({ status, headers, body }: Extract<Exchange, { kind: 'answered' }>): Response {
  return new Response(WITHOUT_BODY.has(status) ? null : new Uint8Array(body), { status, headers });
}

/** Errors of RFC 6749, 5.2. No other text of an answer is repeated. */
const OAUTH_ERRORS: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
]);

function failureOf(error: unknown, exchange: Exchange | undefined, endpoint: string): TokenAnswer {
  const origin = URL.parse(endpoint)?.origin ?? 'its endpoint';
  const failure = (code: TokenCode, what: string): TokenAnswer => ({
    ok: false,
    code,
    message: `no token from ${origin}: ${what}`,
  });
  if (exchange === undefined)
    return failure('token-unreachable', `it could not be asked (${errorName(error)})`);
  if (exchange.kind !== 'answered') return failure('token-unreachable', exchange.message);
  const { status } = exchange;
  const named = error instanceof ResponseBodyError && OAUTH_ERRORS.has(error.error) ? ` ${error.error}` : '';
  if (status >= 500) return failure('token-failed', `it answered ${status}`);
  if (status >= 300 || error instanceof WWWAuthenticateChallengeError) {
    return failure('token-refused', `it answered ${status}${named}`);
  }
  return failure(
    'token-malformed',
    'its answer is not one of RFC 6749, 5.1: JSON with access_token and token_type',
  );
}
