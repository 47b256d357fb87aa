// Which secrets and endpoints of others the CLI refuses, where it puts those of an item, and which registered items a new
// version would refuse. The deployment has a prefix of its own.
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { webhooks } from '#test/support/cli.ts';
import type { Ended } from '#test/support/cli-program.ts';
import { type Rig, startRig } from '#test/support/rig.ts';
import {
  ENDPOINT_SECRETS,
  kafkaEndpoint,
  overTls,
  SUBSCRIPTION_SECRETS,
} from '#test/support/secret-kinds.ts';

const PREFIX = 'company/hooks';
const OTHER = `${PREFIX}/other`;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({
    schedules: false,
    environment: { SECRETS_PREFIX: PREFIX, SHARED_SECRET_PREFIXES: 'company/shared' },
  });
  for (const name of [OTHER, 'company/shared/ca', `${PREFIX}/acme`, `${PREFIX}/tenants/retail/all`]) {
    await create(name);
  }
});
afterAll(() => rig?.close());
beforeEach(() => rig.set.secrets.calls.clear());

const create = (Name: string) =>
  rig.set.clients.secrets.send(
    new CreateSecretCommand({ Name, SecretString: '{"username":"u","password":"a-very-secured-password"}' }),
  );
const run = (args: readonly string[], stdin = ''): Promise<Ended> =>
  webhooks([...args], { endpointUrl: rig.set.url, stdin });
const putItem = (item: object) => run(['subscriptions', 'put', '-', '--skip-dns'], JSON.stringify(item));
const putEndpoint = (item: object) => run(['endpoints', 'put', '-'], JSON.stringify(item));
const item = (id: string, configuration: object = {}, more: object = {}) => ({
  id,
  ...more,
  configuration: { callbackUrl: `${rig.receiver.url}/${encodeURIComponent(id)}`, ...configuration },
});
const basic = (secret: string) => ({ auth: { type: 'basic', secret } });
/** The names that Secrets Manager was asked for, by the CLI or by a function. */
const asked = () => rig.set.secrets.calls.list().map(({ operation, secret }) => `${operation} ${secret}`);

describe('put refuses', () => {
  test.each(SUBSCRIPTION_SECRETS)('$what of another, and does not ask for it', async ({ path, of }) => {
    const refused = await putItem(item('acme', { ...of(OTHER), ...overTls(path) }));
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(
      `configuration.${path}: names a secret that belongs to others: this subscription may use ${PREFIX}/acme and names below it`,
    );
    expect(asked()).toEqual([]);
  });

  test.each(ENDPOINT_SECRETS)('$what of another', async ({ path, of }) => {
    const refused = await putEndpoint(kafkaEndpoint('letters', of(OTHER)));
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(
      `configuration.${path}: names a secret that belongs to others: this endpoint may use ${PREFIX}/endpoints/letters and names below it`,
    );
  });

  test('an ARN of another account, and one whose random end is not that of the secret', async () => {
    const arn = (account: string, end: string) =>
      `arn:aws:secretsmanager:us-east-1:${account}:secret:${PREFIX}/acme${end}`;
    const elsewhere = await putItem(item('acme', basic(arn('999999999999', '-AbCdEf'))));
    expect(elsewhere.stderr).toContain('auth.secret: is the ARN of a secret in another account or region');
    const removed = await putItem(item('acme', basic(arn('000000000000', '-zzzzzz'))));
    expect(removed.stderr).toContain('auth.secret: is the ARN of no secret that exists: give the name');
    expect(await putItem(item('acme', basic(arn('000000000000', ''))))).toMatchObject({ code: 0 });
  });

  test('an endpoint of another tenant', async () => {
    const { queueUrl } = { queueUrl: rig.set.outputs.UndeliverableQueueUrl };
    await putEndpoint({ name: 'of-bank', tenant: 'bank', type: 'sqs', configuration: { queueUrl } });
    const naming = (tenant?: string) =>
      item('acme', {}, { ...(tenant !== undefined && { tenant }), dlq: { endpoint: 'of-bank' } });
    for (const tenant of [undefined, 'retail', 'Bank'])
      expect((await putItem(naming(tenant))).stderr).toContain(
        'dlq.endpoint: names an endpoint of another tenant',
      );
    expect(await putItem(naming('bank'))).toMatchObject({ code: 0 });
  });
});

test('put accepts secrets of its own, of its tenant and shared ones, and undeliverable as a dlq', async () => {
  for (const secret of [`${PREFIX}/acme`, `${PREFIX}/tenants/retail/all`, 'company/shared/ca']) {
    expect(await putItem(item('acme', basic(secret), { tenant: 'retail' }))).toMatchObject({ code: 0 });
  }
  expect(await putItem(item('acme', {}, { dlq: { endpoint: 'undeliverable' } }))).toMatchObject({ code: 0 });
});

test('credentials move to names that only their subscription may use, whatever its id is', async () => {
  const names: string[] = [];
  for (const id of ['eu', 'eu/1', 'eu=2f1', 'eu@signing', 'tenants', 'endpoints', 'tenants/retail', '..']) {
    const auth = { type: 'basic', basic: { username: 'u', password: `of ${id}` } };
    const key = `whsec_${Buffer.alloc(32, id).toString('base64')}`;
    const { code, stdout, stderr } = await putItem(item(id, { auth, signing: { keys: [key] } }));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const [, name = ''] of stdout.matchAll(/into the secret (\S+) \(created\)/g)) {
      names.push(name);
      expect(name.startsWith(`${PREFIX}/`)).toBe(true);
      expect(name).not.toMatch(/\/(tenants|endpoints)\//);
    }
    const called = await run(['subscriptions', 'test', id]);
    expect({ id, code: called.code, stderr: called.stderr }).toEqual({ id, code: 0, stderr: '' });
  }
  expect(new Set(names).size).toBe(16);
  expect(names).toContain(`${PREFIX}/eu=2f1@signing`);
  const removed = await run(['subscriptions', 'remove', 'eu/1', '--with-secrets']);
  expect(removed.stdout).toContain(`The secret ${PREFIX}/eu=2f1 is deleted after 30 days.`);
  const SecretId = `${PREFIX}/eu`;
  const kept = await rig.set.clients.secrets.send(new GetSecretValueCommand({ SecretId }));
  expect(kept.SecretString).toContain('of eu');
});

describe('a registered item that names the secret of another', () => {
  test('is not tested: no request goes out, and the secret is not read', async () => {
    await rig.set.putSubscription(item('thief', basic(OTHER)));
    const { code, stderr } = await run(['subscriptions', 'test', 'thief']);
    expect(code).toBe(1);
    expect(stderr).toContain('configuration.auth.secret: names a secret that belongs to others');
    expect(rig.receiver.received('/thief')).toEqual([]);
    expect(asked()).toEqual([]);
  });

  test('is not tested where it is an endpoint', async () => {
    const [sasl] = ENDPOINT_SECRETS;
    await rig.set.putEndpoint(kafkaEndpoint('stolen', sasl?.of(OTHER) ?? {}));
    const { code, stderr } = await run(['endpoints', 'test', 'stolen']);
    expect(code).toBe(1);
    expect(stderr).toContain('configuration.security.sasl.secret: names a secret that belongs to others');
    expect(asked()).toEqual([]);
    await rig.set.removeEndpoint('stolen');
  });
});

describe('check', () => {
  test('says which registered items this version refuses, and with which shared prefixes it would not', async () => {
    const [sasl] = ENDPOINT_SECRETS;
    await rig.set.putEndpoint(kafkaEndpoint('old-kafka', sasl?.of('old/kafka') ?? {}));
    await rig.set.putSubscription(item('old-auth', basic('old/auth')));
    await rig.set.putSubscription(item('old-dlq', {}, { dlq: { endpoint: 'old-kafka' } }));
    await rig.set.putSubscription(item('fine'));
    rig.set.secrets.calls.clear();
    const one = await run(['subscriptions', 'check', 'old-auth', 'fine']);
    expect(one.code).toBe(1);
    expect(one.stdout).toMatch(
      /^The subscription old-auth would be refused:\n {2}configuration\.auth\.secret: names a secret that belongs to others.*\n2 checked, 1 refused\.\n$/,
    );
    expect(one.stderr).toContain('Correct these items');
    const all = await run(['subscriptions', 'check', '--all', '--json']);
    expect(all.code).toBe(1);
    const { refused } = JSON.parse(all.stdout);
    expect(refused).toEqual(
      expect.arrayContaining([
        {
          kind: 'endpoint',
          name: 'old-kafka',
          faults: [expect.objectContaining({ path: 'configuration.security.sasl.secret' })],
        },
        {
          kind: 'subscription',
          name: 'old-auth',
          faults: [expect.objectContaining({ path: 'configuration.auth.secret' })],
        },
        {
          kind: 'subscription',
          name: 'old-dlq',
          faults: [expect.objectContaining({ path: 'dlq.endpoint' })],
        },
      ]),
    );
    expect(refused.map(({ name }: { name: string }) => name)).not.toContain('fine');
    const planned = await run([
      'subscriptions',
      'check',
      'old-auth',
      'old-dlq',
      '--shared-secret-prefixes',
      'old',
    ]);
    expect(planned).toEqual({ code: 0, stdout: '2 checked, 0 refused.\n', stderr: '' });
    await rig.set.putSubscription(item('auth', basic('old/auth')));
    const moved = await run(['subscriptions', 'check', 'auth', '--secrets-prefix', 'old']);
    expect(moved).toMatchObject({ code: 0 });
    expect(asked()).toEqual([]);
  });

  test.each([
    [[], 'Name the subscriptions to check, or give --all'],
    [['fine', '--all'], 'Name the subscriptions to check, or give --all'],
    [
      ['--all', '--shared-secret-prefixes', '/a'],
      '--shared-secret-prefixes must be beginnings of names of secrets',
    ],
  ])('with %j says what to give', async (args, told) => {
    expect(await run(['subscriptions', 'check', ...args])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(told),
    });
  });

  test('of an id that is not registered is an error', async () => {
    expect(await run(['subscriptions', 'check', 'nobody'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no subscription nobody'),
    });
  });
});
