// The guarded client for the callback tests: callbacks to this machine are allowed, timeouts are short, requests have defaults.
import { onTestFinished } from 'vitest';
import {
  type CallbackClient,
  type CallbackClientOptions,
  createCallbackClient,
  type ExchangeRequest,
} from '#lib/callback/client.ts';
import { type Behaviour, type RawServer, rawServer } from '#test/support/raw-server.ts';

export function testClient(options: Partial<CallbackClientOptions> = {}): CallbackClient {
  const client = createCallbackClient({
    allowHttp: true,
    allowedCidrs: [],
    allowThisMachine: true,
    responseCapBytes: 65_536,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

export async function testServer(...args: Parameters<typeof rawServer>): Promise<RawServer> {
  const server = await rawServer(...args);
  onTestFinished(() => server.close());
  return server;
}

/** Answers every request with these bytes. */
export const answering = (bytes: string | Buffer): Behaviour => ({
  onRequest: (socket) => socket.write(bytes),
});

type Overrides = Partial<Omit<ExchangeRequest, 'pool'>> & {
  readonly pool?: Partial<ExchangeRequest['pool']>;
};

export function requestTo(url: string, overrides: Overrides = {}): ExchangeRequest {
  return {
    url,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"a":1}'),
    timeoutMs: 10_000,
    ...overrides,
    pool: {
      key: 'a-subscription',
      tenant: overrides.pool?.key ?? 'a-subscription',
      connectTimeoutMs: 5_000,
      idleTimeoutMs: 60_000,
      connections: 1,
      fresh: false,
      ...overrides.pool,
    },
  };
}
