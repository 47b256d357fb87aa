import { EventEmitter } from 'node:events';
import { NetworkError } from '@platformatic/kafka';
import { describe, expect, test } from 'vitest';
import { addressRules } from '#lib/callback/address.ts';
import { BROKER, guardConnections } from '#lib/kafka/broker-guard.ts';
import { failureOf } from '#lib/kafka/failure.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['52.1.2.3'],
  'both.example': ['2600:1f18::1', '52.1.2.3'],
  'inside.example': ['10.0.3.7'],
  'mixed.example': ['52.1.2.3', '169.254.169.254'],
  'this.example': ['127.0.0.1'],
};

type Connect = (host: string, port: number, callback: (error: Error | null) => void) => void;

/** A pool as the client's: it emits `connecting`, then calls `connect` of the connection. */
function guarded(isTls: boolean, allowedCidrs: readonly string[] = [], onlyMsk = false) {
  const opened: string[] = [];
  const pool = new EventEmitter();
  const guard = {
    lookup: async (name: string) => (NAMES[name] ?? []).map((address) => ({ address })),
    addresses: addressRules({ allowedCidrs, allowThisMachine: false }),
    onlyMsk,
  };
  guardConnections(pool as never, { isTls, guard }, { NetworkError });
  const open = (host: string, answer: Error | null = null) =>
    new Promise<Error | null>((resolve) => {
      const connect: Connect = (place, _, callback) => {
        opened.push(place);
        callback(answer);
      };
      const connection: EventEmitter & { connect: Connect } = Object.assign(new EventEmitter(), { connect });
      pool.emit('connecting', { connection, broker: { host, port: 9092 } });
      connection.connect(host, 9092, resolve);
    });
  return { open, opened };
}

const FORBIDDEN = [
  '127.0.0.1',
  '::1',
  '169.254.169.254',
  '10.0.3.7',
  'inside.example',
  'this.example',
  'mixed.example',
];

describe('without TLS', () => {
  test.each(FORBIDDEN)('it refuses %s, and names it', async (host) => {
    const { open, opened } = guarded(false);
    const error = await open(host);
    expect(opened).toEqual([]);
    expect(error).toMatchObject({
      canRetry: false,
      [BROKER]: host.includes('::') ? '[::1]:9092' : `${host}:9092`,
    });
    expect(failureOf(error)).toEqual({
      kind: 'forbidden',
      detail: expect.stringMatching(
        /name its range in the parameter brokerCidrs \(the (host|name) .* at .*:9092\)$/,
      ),
    });
  });

  test('it connects to the address that was checked, IPv4 first, and never to the name', async () => {
    const { open, opened } = guarded(false, ['10.0.0.0/16']);
    for (const host of ['52.9.9.9', 'public.example', 'both.example', 'inside.example'])
      expect(await open(host)).toBeNull();
    expect(opened).toEqual(['52.9.9.9', '52.1.2.3', '52.1.2.3', '10.0.3.7']);
  });

  test('a name without an address may have one later', async () => {
    const error = await guarded(false).open('unknown.example');
    expect(error).toMatchObject({ canRetry: true });
    expect(failureOf(error)).toEqual({
      kind: 'unreachable',
      detail: expect.stringContaining('ENOTFOUND at unknown.example:9092'),
    });
  });
});

describe('with TLS', () => {
  test.each(['127.0.0.1', '::1', '169.254.169.254', '10.0.3.7'])('it refuses %s', async (host) => {
    const { open, opened } = guarded(true);
    expect(await open(host)).toMatchObject({ cause: { code: 'ERR_CALLBACK_ADDRESS_REFUSED' } });
    expect(opened).toEqual([]);
  });

  test('it leaves names to the lookup of the TLS options, so that the certificate is compared with the name', async () => {
    const { open, opened } = guarded(true);
    expect(await open('public.example')).toBeNull();
    expect(opened).toEqual(['public.example']);
  });
});

test('a connection that fails says where it should have gone', async () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
  const error = await guarded(true).open('public.example', new NetworkError('failed', { cause: refused }));
  expect(failureOf(error).detail).toMatch(/\(ECONNREFUSED at public\.example:9092\)$/);
});

describe('with credentials for Amazon MSK alone', () => {
  test('an advertised broker elsewhere is refused', async () => {
    const { open, opened } = guarded(true, [], true);
    expect(failureOf(await open('public.example'))).toEqual({
      kind: 'forbidden',
      detail: expect.stringContaining('the host is none of Amazon MSK'),
    });
    expect(opened).toEqual([]);
    const broker = 'b-1.name.abc123.c2.kafka.eu-west-1.amazonaws.com';
    expect(await open(broker)).toBeNull();
    expect(opened).toEqual([broker]);
  });
});
