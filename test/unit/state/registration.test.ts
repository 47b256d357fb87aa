// What deliver reads of a subscription, and with how many calls: its item, its state, and the endpoint that it names.
import { describe, expect, test } from 'vitest';
import { stateKey } from '#lib/state/keys.ts';
import { createRegistrations } from '#lib/state/registration.ts';
import { unordered } from '#test/support/lanes.ts';
import { createMemoryDocuments, tablesOver } from '#test/support/memory-documents.ts';
import { RULES } from '#test/support/route-world.ts';

const ENDPOINT = {
  type: 'sqs',
  configuration: { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/123456789012/a' },
};
const item = (id: string, dlq?: string, more: object = {}) => ({
  id,
  ...(dlq !== undefined && { dlq: { endpoint: dlq } }),
  configuration: { callbackUrl: 'https://hooks.example.com/in', ...more },
});

function setUp(...items: ReturnType<typeof item>[]) {
  const memory = createMemoryDocuments();
  for (const one of items) memory.put('subscriptions', one);
  let now = 0;
  const wait = async (ms: number) => {
    now += ms;
  };
  const tables = tablesOver(memory.documents, { now: () => now, random: () => 0, wait });
  const registrations = createRegistrations({ tables, rules: RULES, now: () => now });
  return {
    memory,
    ...registrations,
    batchGets: () => memory.calls.get('BatchGet') ?? 0,
    /** Both ways of reading say the same. */
    async configOf(id: string) {
      const config = (await registrations.readAll([id])).get(id)?.config;
      expect(await registrations.readConfig(id)).toEqual(config);
      return config;
    },
  };
}

describe('an endpoint that a dlq names', () => {
  test('that is missing is a fault of the subscription, and its lanes stay', async () => {
    const { configOf } = setUp(item('acme', 'letters', { maxConcurrentConnections: 7 }));
    expect(await configOf('acme')).toEqual({
      kind: 'invalid',
      faults: [
        {
          path: 'dlq.endpoint',
          reason:
            'names an endpoint that does not exist: put its item into the table of endpoints, or name another',
        },
      ],
      itemHash: expect.any(String),
      lanes: unordered(7),
    });
  });

  test('that is invalid is a fault, too, with its own faults', async () => {
    const { memory, configOf } = setUp(item('acme', 'letters'));
    memory.put('endpoints', {
      name: 'letters',
      type: 'sqs',
      configuration: { queueUrl: 'https://s3cr3t@a' },
    });
    const config = await configOf('acme');
    expect(config).toMatchObject({ kind: 'invalid', faults: [{ path: 'dlq.endpoint' }] });
    expect(JSON.stringify(config)).toContain('configuration.queueUrl: must be the URL of an SQS queue');
    expect(JSON.stringify(config)).not.toContain('s3cr3t');
  });

  test.each([
    ['without a tenant serves all', undefined, undefined, 'valid'],
    ['without a tenant serves a tenant', undefined, 'retail', 'valid'],
    ['with a tenant serves it', 'retail', 'retail', 'valid'],
    ['with a tenant serves no other', 'retail', 'bank', 'invalid'],
    ['with a tenant serves none in capitals', 'retail', 'Retail', 'invalid'],
    ['with a tenant serves no subscription without one, whatever its id', 'acme', undefined, 'invalid'],
  ])('%s', async (_, ofEndpoint, ofSubscription, kind) => {
    const tenanted = (tenant: string | undefined) => (tenant === undefined ? {} : { tenant });
    const { memory, configOf } = setUp({ ...item('acme', 'letters'), ...tenanted(ofSubscription) });
    memory.put('endpoints', { name: 'letters', ...ENDPOINT, ...tenanted(ofEndpoint) });
    const config = await configOf('acme');
    expect(config?.kind).toBe(kind);
    if (config?.kind !== 'invalid') return;
    expect(config.faults).toEqual([
      { path: 'dlq.endpoint', reason: expect.stringContaining('names an endpoint of another tenant: ') },
    ]);
    // The pause ends when the endpoint is put for this tenant.
    memory.put('endpoints', { name: 'letters', ...ENDPOINT, ...tenanted(ofSubscription) });
    expect(await configOf('acme')).toMatchObject({ kind: 'valid' });
  });

  test('changes what the subscription paused on when it is put, is put in another wrong way, or is removed', async () => {
    const { memory, configOf } = setUp(item('acme', 'letters'));
    const hashes: (string | undefined)[] = [];
    const look = async () => {
      const config = await configOf('acme');
      hashes.push(config?.kind === 'absent' ? undefined : config?.itemHash);
      return config?.kind;
    };
    expect(await look()).toBe('invalid');
    memory.put('endpoints', { name: 'letters', type: 'sqs' });
    expect(await look()).toBe('invalid');
    memory.put('endpoints', { name: 'letters', ...ENDPOINT });
    expect(await look()).toBe('valid');
    expect(new Set(hashes).size).toBe(3);
    const [missing, , valid] = hashes;
    memory.remove('endpoints', { name: 'letters' });
    await look();
    memory.put('endpoints', {
      name: 'letters',
      type: 'kafka',
      configuration: { bootstrapServers: 'b:1', topic: 't' },
    });
    await look();
    // A right one put in another right way is no change of the subscription.
    expect(hashes.slice(3)).toEqual([missing, valid]);
  });

  test('is there without an item by the name undeliverable', async () => {
    const { configOf, batchGets } = setUp(item('acme', 'undeliverable'));
    expect(await configOf('acme')).toMatchObject({ kind: 'valid' });
    expect(batchGets()).toBe(1);
  });

  test('is read in the same call as the rest, from the second batch on', async () => {
    const { memory, readAll, batchGets } = setUp(
      item('acme', 'letters'),
      item('other', 'letters'),
      item('plain'),
    );
    memory.put('endpoints', { name: 'letters', ...ENDPOINT });
    const kinds = async () =>
      [...(await readAll(['acme', 'other', 'plain'])).values()].map(({ config }) => config.kind);
    expect(await kinds()).toEqual(['valid', 'valid', 'valid']);
    expect(batchGets()).toBe(2);
    expect(await kinds()).toEqual(['valid', 'valid', 'valid']);
    expect(batchGets()).toBe(3);
    // Nothing is remembered of what the endpoint was.
    memory.remove('endpoints', { name: 'letters' });
    expect(await kinds()).toEqual(['invalid', 'invalid', 'valid']);
    expect(batchGets()).toBe(4);
    // Another name is read at once.
    memory.put('endpoints', { name: 'others', ...ENDPOINT });
    memory.put('subscriptions', item('acme', 'others'));
    expect(await kinds()).toEqual(['valid', 'invalid', 'valid']);
    expect(batchGets()).toBe(6);
    memory.put('subscriptions', item('acme'));
    expect(await kinds()).toEqual(['valid', 'invalid', 'valid']);
    expect(await kinds()).toEqual(['valid', 'invalid', 'valid']);
    expect(batchGets()).toBe(8);
  });

  test('that DynamoDB leaves unread is asked for again, and never taken for missing', async () => {
    const { memory, readAll } = setUp(item('acme', 'letters'));
    memory.put('endpoints', { name: 'letters', ...ENDPOINT });
    let left = 1;
    memory.faults.leave = ({ name }) => name === 'letters' && left-- > 0;
    expect((await readAll(['acme'])).get('acme')?.config.kind).toBe('valid');
    memory.faults.leave = ({ name }) => name === 'letters';
    await expect(readAll(['acme'])).rejects.toThrow('a part of a batch unprocessed');
  });
});

test('an item that is wrong itself is not asked for its endpoint', async () => {
  const { configOf, batchGets } = setUp(item('acme', 'letters', { readTimeout: 0 }));
  expect(await configOf('acme')).toMatchObject({ kind: 'invalid', lanes: unordered(5) });
  expect(batchGets()).toBe(1);
});

test('an unreadable state item blocks its own subscription only', async () => {
  const { memory, readAll } = setUp(item('acme'), item('other'));
  memory.put('state', { ...stateKey('acme'), pause: true });
  expect([...(await readAll(['acme', 'other', 'nobody'])).keys()]).toEqual(['other', 'nobody']);
});

test('an item is parsed again only when it has changed', async () => {
  const { memory, readAll } = setUp(item('acme', undefined, { readTimeout: 0 }), item('other'));
  const configs = async () => {
    const read = await readAll(['acme', 'other']);
    return [read.get('acme')?.config, read.get('other')?.config];
  };
  const [acme, other] = await configs();
  expect(acme?.kind).toBe('invalid');
  memory.put('subscriptions', item('acme', undefined, { readTimeout: 0 }));
  const [sameAcme, sameOther] = await configs();
  expect([sameAcme === acme, sameOther === other]).toEqual([true, true]);

  memory.put('subscriptions', item('acme', undefined, { readTimeout: 2000 }));
  expect(await configs()).toEqual([
    expect.objectContaining({
      subscription: expect.objectContaining({ http: expect.objectContaining({ readTimeoutMs: 2000 }) }),
    }),
    other,
  ]);
  memory.remove('subscriptions', { id: 'acme' });
  expect(await configs()).toEqual([{ kind: 'absent' }, other]);
});

test('every batch of a parsed item has a state of its own', async () => {
  const { readAll } = setUp(item('acme'));
  const first = (await readAll(['acme'])).get('acme');
  const second = (await readAll(['acme'])).get('acme');
  expect(second?.config).toBe(first?.config);
  expect(second).not.toBe(first);
});
