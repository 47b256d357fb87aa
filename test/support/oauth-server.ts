// An OAuth2 server made with the library oidc-provider: it issues tokens to clients with a secret or a signed assertion. A
// test can count and revoke tokens, and sets their lifetime.
import { createServer } from 'node:http';
import type { JWK } from 'jose';
import Provider, { type ClientMetadata } from 'oidc-provider';
import { listen } from '#lib/local/aws/listen.ts';

export type OAuthServer = Awaited<ReturnType<typeof startOAuthServer>>;

/** A client of the server. `more` has the secret or the keys of the client, and the name of its authentication method. */
export const oauthClient = (client_id: string, more: Partial<ClientMetadata>): ClientMetadata => ({
  client_id,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: 'roles',
  ...more,
});

export const publicKeys = (...keys: JWK[]): Partial<ClientMetadata> => ({
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: keys as never },
});

/** Starts a server on 127.0.0.1. `say` may answer a token request instead of the library; undefined leaves it to the library. */
export async function startOAuthServer(clients: ClientMetadata[]) {
  const options = { lifeSeconds: 600, say: undefined as undefined | (() => Said | undefined) };
  const requests: { authorization: string | undefined; at: number }[] = [];
  const server = createServer((req, res) => {
    requests.push({ authorization: req.headers.authorization, at: Date.now() });
    const said = options.say?.();
    if (said === undefined) return void handle(req, res);
    req.resume();
    res.writeHead(said.status, { 'content-type': 'application/json', ...said.headers });
    res.end(said.body ?? '{}');
  });
  const listening = await listen(server, 0);
  const provider = new Provider(listening.url, {
    clients,
    scopes: ['roles'],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { ClientCredentials: () => options.lifeSeconds },
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'HS256', 'HS384', 'HS512'] },
    clientAuthMethods: ['client_secret_post', 'client_secret_basic', 'client_secret_jwt', 'private_key_jwt'],
  });
  const handle = provider.callback();

  return {
    tokenUrl: `${listening.url}/token`,
    options,
    /** The number of token requests so far. */
    requests: () => requests.length,
    authorizations: () => requests.map(({ authorization }) => authorization),
    /** Whether the request's Authorization header has a valid token of this server. */
    async accepts(authorization: string | undefined): Promise<boolean> {
      const token = authorization?.match(/^Bearer (.+)$/)?.[1];
      const found = token === undefined ? undefined : await provider.ClientCredentials.find(token);
      return found?.isValid === true;
    },
    async revoke(authorization: string | undefined): Promise<void> {
      const token = await provider.ClientCredentials.find(authorization?.slice('Bearer '.length) ?? '');
      if (token === undefined) throw new Error('there is no such token to revoke');
      await token.destroy();
    },
    close: listening.close,
  };
}

type Said = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};
