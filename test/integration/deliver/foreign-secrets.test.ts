// A subscription that names the secret or the endpoint of another: nothing is sent, the secret is not read, no message is lost,
// and the owner goes on.
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodiesOf, ENDPOINT, type Rig, startRig } from '#test/support/rig.ts';
import { overTls, SUBSCRIPTION_SECRETS } from '#test/support/secret-kinds.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

const PREFIX = 'webhooks/local';
const BASIC = JSON.stringify({ username: 'victim', password: 'a-very-secured-password' });

/** Returns the ARN. */
async function create(Name: string, SecretString = BASIC): Promise<string> {
  const { ARN = '' } = await rig.set.clients.secrets.send(new CreateSecretCommand({ Name, SecretString }));
  return ARN;
}

/** How often the functions have asked for a secret whose name or ARN contains the text. */
const readsOf = (text: string): number =>
  rig.set.secrets.calls.list('GetSecretValue').filter(({ secret }) => secret?.includes(text)).length;

describe.each(SUBSCRIPTION_SECRETS)('$what', ({ what, path, of }) => {
  const owner = `owner-${what.replaceAll(' ', '-')}`;

  test.each([
    ['by name', (name: string) => name],
    ['by name, one entry', (name: string) => `${name}#entry`],
    ['by ARN', (_: string, arn: string) => arn],
    ['by a partial ARN', (_: string, arn: string) => arn.slice(0, -7)],
  ])('of another, %s, is not read; the item is at fault', async (way, reference) => {
    const name = `${PREFIX}/${owner}/${way.replaceAll(/\W+/g, '-')}`;
    const secret = reference(name, await create(name));
    const offender = await rig.subscribe({ configuration: { ...of(secret), ...overTls(path) } });
    const neighbour = await rig.subscribe({ topic: offender.topic });
    await offender.publish('a message');
    expect(bodiesOf(await neighbour.requests(1))).toEqual(['a message']);
    const pause = await rig.paused(offender.id, 'invalid-config');
    expect(pause.detail).toContain(
      `configuration.${path}: names a secret that belongs to others: this subscription may use ${PREFIX}/${offender.id} and`,
    );
    // It waits for a person, and its message with it.
    expect(pause).not.toHaveProperty('resumeAt');
    await rig.set.putSubscription({
      ...offender.item,
      configuration: { callbackUrl: `${rig.receiver.url}${offender.path}` },
    });
    await offender.publish('another');
    expect(bodiesOf(await offender.requests(2)).sort()).toEqual(['a message', 'another']);
    expect(readsOf(name)).toBe(0);
  });

  test('of its own is read', async () => {
    const name = `${PREFIX}/${owner}`;
    const id = owner;
    await create(name);
    const one = await rig.subscribe({ id, configuration: { ...of(name), ...overTls(path) } });
    await one.publish('a message');
    await rig.until(() => (readsOf(name) > 0 ? true : undefined), 'a read of the secret');
  });
});

test('the victim’s credentials go to the victim alone, however the offender names them', async () => {
  const name = `${PREFIX}/bank`;
  const arn = await create(name);
  await create(`${PREFIX}/tenants/bank/all`, JSON.stringify({ bank: JSON.parse(BASIC) }));
  const auth = (secret: string) => ({ configuration: { auth: { type: 'basic', secret } } });
  const victim = await rig.subscribe({ id: 'bank', ...auth(name) });
  await victim.publish('for the bank');
  const expected = `Basic ${Buffer.from('victim:a-very-secured-password').toString('base64')}`;
  expect((await victim.requests(1))[0]?.headers.authorization).toBe(expected);
  // Ids and names that come close to the victim's.
  const offenders: [string, string, string?][] = [
    ['ban', name],
    ['bank/', name],
    ['Bank', name],
    ['Bank', `${PREFIX}/BANK`],
    ['bank2', `${PREFIX}/bank2/../bank`],
    ['bank2', `${PREFIX}/bank2//bank`],
    ['bank2', arn],
    ['bank-abc123', `${arn.slice(0, -7)}`],
    ['tenants', `${PREFIX}/tenants/bank/all#bank`],
    ['tenants/bank', `${PREFIX}/tenants/bank/all#bank`],
    ['retailer', `${PREFIX}/tenants/bank/all#bank`, 'retail'],
    ['retailer', name, 'bank'],
  ];
  for (const [id, secret, tenant] of offenders) {
    const before = readsOf('bank');
    const offender = await rig.subscribe({ id, ...(tenant !== undefined && { tenant }), ...auth(secret) });
    await offender.publish('for the offender');
    const pause = await rig.paused(id, 'invalid-config');
    expect(pause.detail).toContain('configuration.auth.secret: names a secret that belongs to others');
    expect(rig.receiver.received(offender.path)).toEqual([]);
    expect(readsOf('bank')).toBe(before);
  }
  await victim.publish('again for the bank');
  expect((await victim.requests(2)).map(({ headers }) => headers.authorization)).toEqual([
    expected,
    expected,
  ]);
  expect(await rig.pauseOf('bank')).toBeUndefined();
});

test('a secret of a tenant is for each of its subscriptions, and a complete ARN is one of the same secret', async () => {
  const arn = await create(`${PREFIX}/tenants/retail/all`, JSON.stringify({ a: JSON.parse(BASIC) }));
  for (const [id, secret] of [
    ['shop-1', `${PREFIX}/tenants/retail/all#a`],
    ['shop-2', `${arn}#a`],
    ['shop-3', `${arn.slice(0, -7)}#a`],
  ] as const) {
    const shop = await rig.subscribe({
      id,
      tenant: 'retail',
      configuration: { auth: { type: 'basic', secret } },
    });
    await shop.publish('for a shop');
    expect((await shop.requests(1))[0]?.headers.authorization).toMatch(/^Basic /);
  }
  // Always by its name.
  expect(readsOf('arn:')).toBe(0);
});

describe('an endpoint with a tenant', () => {
  test('pauses a subscription of another tenant before it is called, and keeps its message', async () => {
    await rig.set.putEndpoint({ name: 'letters-of-bank', tenant: 'bank', ...ENDPOINT });
    const other = await rig.subscribe({ tenant: 'retail' });
    const own = await rig.subscribe({ tenant: 'bank', topic: other.topic });
    const dlq = { endpoint: 'letters-of-bank' };
    await rig.set.putSubscription({ ...other.item, dlq });
    await rig.set.putSubscription({ ...own.item, dlq });
    rig.receiver.answer(own.path, [{ status: 400 }]);
    await other.publish('a message');
    // The tenant's own subscription uses it.
    await own.requests(1);
    expect((await rig.letters(own.id, 1)).map(({ endpoint }) => endpoint)).toEqual(['letters-of-bank']);
    const pause = await rig.paused(other.id, 'invalid-config');
    expect(pause.detail).toContain('dlq.endpoint: names an endpoint of another tenant');
    expect(rig.receiver.received(other.path)).toEqual([]);
    await rig.set.putEndpoint({ name: 'letters-of-bank', ...ENDPOINT });
    await other.publish('another');
    expect(bodiesOf(await other.requests(2)).sort()).toEqual(['a message', 'another']);
  });
});
