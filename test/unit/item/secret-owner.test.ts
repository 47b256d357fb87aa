// Who may use which secret, by its name alone.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PURPOSES, refusalOfSecret, type SecretRules, secretNameOf } from '#lib/item/secret-owner.ts';
import { type SecretReference, secretReference } from '#lib/item/secret-reference.ts';

const RULES: SecretRules = {
  prefix: 'webhooks/dev',
  shared: ['webhooks/dev/shared', 'company/ca'],
  account: '111122223333',
  region: 'eu-central-1',
};
const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret';

const reference = (text: string): SecretReference => secretReference('a value').parse(text);

type User = { id?: string; endpoint?: string; tenant?: string };

function may(text: string, { id = 'acme', endpoint, tenant }: User, rules: Partial<SecretRules> = {}) {
  const user = {
    kind: endpoint === undefined ? 'subscription' : 'endpoint',
    name: endpoint ?? id,
    tenant,
  } as const;
  return refusalOfSecret(reference(text), user, { ...RULES, ...rules }) === undefined;
}

describe('a subscription may use', () => {
  test.each<[string, string, User]>([
    ['its own secret', 'webhooks/dev/acme', {}],
    ['one entry of it', 'webhooks/dev/acme#basic', {}],
    ['an entry with any name', 'webhooks/dev/acme#../other', {}],
    ['a secret below it', 'webhooks/dev/acme/basic', {}],
    ['a secret far below it', 'webhooks/dev/acme/2026/11/basic', {}],
    ['a secret that the CLI made', 'webhooks/dev/acme@signing', {}],
    ['a secret of its tenant', 'webhooks/dev/tenants/retail/ca', { tenant: 'retail' }],
    ['its tenant’s only secret', 'webhooks/dev/tenants/retail', { tenant: 'retail' }],
    ['its own secret although it has a tenant', 'webhooks/dev/acme', { tenant: 'retail' }],
    ['a shared secret', 'webhooks/dev/shared#acme', {}],
    ['a secret below a shared name', 'webhooks/dev/shared/ca', {}],
    ['a shared secret outside of the prefix', 'company/ca', {}],
    ['its own by the complete ARN', `${ARN}:webhooks/dev/acme-AbCdEf`, {}],
    ['its own by a partial ARN', `${ARN}:webhooks/dev/acme/basic`, {}],
    ['an entry by ARN', `${ARN}:webhooks/dev/acme/basic-AbCdEf#key`, {}],
    ['its tenant’s by ARN', `${ARN}:webhooks/dev/tenants/retail/ca-AbCdEf`, { tenant: 'retail' }],
    ['a shared one by ARN', `${ARN}:company/ca-AbCdEf`, {}],
    ['its own, with a name like a reserved one', 'webhooks/dev/=74enants/x', { id: 'tenants' }],
    ['its own, with a slash in the id', 'webhooks/dev/acme=2feu/x', { id: 'acme/eu' }],
    ['its own, with an id that ends like an ARN', 'webhooks/dev/acme-second', { id: 'acme-second' }],
    ['its own, below a prefix with dots', 'webhooks/dev/..x', { id: '..x' }],
  ])('%s', (_, text, user) => {
    expect(may(text, user)).toBe(true);
  });
});

describe('a subscription may not use', () => {
  test.each<[string, string, User]>([
    ['another’s secret', 'webhooks/dev/other', {}],
    ['one entry of it', 'webhooks/dev/other#acme', {}],
    ['a secret whose name begins with its own', 'webhooks/dev/acme2', {}],
    ['one that begins so, with a hyphen', 'webhooks/dev/acme-eu', {}],
    ['one that begins so, with a dot', 'webhooks/dev/acme.eu/basic', {}],
    ['one that looks as if the CLI made it', 'webhooks/dev/acme@other', {}],
    ['one below such a name', 'webhooks/dev/acme@signing/x', {}],
    ['the secret of an id that continues its own after a slash', 'webhooks/dev/acme=2feu', {}],
    ['the plain name of its id with a slash', 'webhooks/dev/acme/eu', { id: 'acme/eu' }],
    ['the prefix itself', 'webhooks/dev', {}],
    ['everything below the prefix', 'webhooks/dev/', {}],
    ['another stage’s secret', 'webhooks/prod/acme', {}],
    ['a stage whose name begins the same', 'webhooks/dev2/acme', {}],
    ['a secret elsewhere', 'payroll/acme', {}],
    ['its own name alone', 'acme', {}],
    ['its own name in capitals', 'webhooks/dev/ACME', {}],
    ['the prefix in capitals', 'Webhooks/dev/acme', {}],
    ['another through ..', 'webhooks/dev/acme/../other', {}],
    ['another through ..', 'webhooks/dev/../dev/acme', {}],
    ['a name with .', 'webhooks/dev/acme/./x', {}],
    ['a name with an empty segment', 'webhooks/dev//acme', {}],
    ['a name with an empty segment below its own', 'webhooks/dev/acme//x', {}],
    ['a name with a slash at its end', 'webhooks/dev/acme/', {}],
    ['a name with a slash at its beginning', '/webhooks/dev/acme', {}],
    ['a tenant’s secret without a tenant', 'webhooks/dev/tenants/acme/x', {}],
    ['a tenant’s secret by its id', 'webhooks/dev/tenants/x', { id: 'tenants' }],
    ['a tenant’s secret by an id with a slash', 'webhooks/dev/tenants/x', { id: 'tenants/x' }],
    ['another tenant’s secret', 'webhooks/dev/tenants/bank/x', { tenant: 'retail' }],
    ['a tenant’s whose name begins the same', 'webhooks/dev/tenants/retail2/x', { tenant: 'retail' }],
    ['a tenant’s in capitals', 'webhooks/dev/tenants/Retail/x', { tenant: 'retail' }],
    ['all tenants’', 'webhooks/dev/tenants/', { tenant: 'retail' }],
    ['another’s through the tenant and ..', 'webhooks/dev/tenants/retail/../bank', { tenant: 'retail' }],
    ['an endpoint’s secret', 'webhooks/dev/endpoints/acme', {}],
    ['an endpoint’s secret by its id', 'webhooks/dev/endpoints/kafka', { id: 'endpoints' }],
    ['an endpoint’s secret by an id with a slash', 'webhooks/dev/endpoints/kafka', { id: 'endpoints/kafka' }],
    ['one beside a shared name', 'webhooks/dev/shared2', {}],
    ['one beside a shared name, with @', 'webhooks/dev/shared@signing', {}],
    ['another’s through a shared name and ..', 'company/ca/../payroll', {}],
    ['another’s by the complete ARN', `${ARN}:webhooks/dev/other-AbCdEf`, {}],
    ['another’s by a partial ARN', `${ARN}:webhooks/dev/other`, {}],
    ['another’s by an ARN that begins with its own', `${ARN}:webhooks/dev/acme2-AbCdEf`, {}],
    ['an ARN that ends like two', `${ARN}:webhooks/dev/acme-second-AbCdEf`, {}],
    [
      'its own name in another account',
      'arn:aws:secretsmanager:eu-central-1:999999999999:secret:webhooks/dev/acme-AbCdEf',
      {},
    ],
    [
      'its own name in another region',
      'arn:aws:secretsmanager:us-east-1:111122223333:secret:webhooks/dev/acme-AbCdEf',
      {},
    ],
    [
      'a shared name in another account',
      'arn:aws:secretsmanager:eu-central-1:999999999999:secret:company/ca-AbCdEf',
      {},
    ],
  ])('%s', (_, text, user) => {
    expect(may(text, user)).toBe(false);
  });
});

describe('an endpoint', () => {
  test.each<[string, User, boolean]>([
    ['webhooks/dev/endpoints/kafka', { endpoint: 'kafka' }, true],
    ['webhooks/dev/endpoints/kafka/user', { endpoint: 'kafka' }, true],
    ['webhooks/dev/tenants/retail/kafka', { endpoint: 'kafka', tenant: 'retail' }, true],
    ['webhooks/dev/shared#kafka', { endpoint: 'kafka' }, true],
    ['webhooks/dev/endpoints/kafka=2feu', { endpoint: 'kafka/eu' }, true],
    // A subscription may have the endpoint's name.
    ['webhooks/dev/kafka', { endpoint: 'kafka' }, false],
    ['webhooks/dev/kafka@signing', { endpoint: 'kafka' }, false],
    ['webhooks/dev/endpoints/kafka2', { endpoint: 'kafka' }, false],
    ['webhooks/dev/endpoints/kafka/eu', { endpoint: 'kafka/eu' }, false],
    ['webhooks/dev/tenants/retail/kafka', { endpoint: 'kafka' }, false],
    ['webhooks/dev/endpoints/../other', { endpoint: '..' }, false],
  ])('%s, as %j: %j', (text, user, allowed) => {
    expect(may(text, user)).toBe(allowed);
  });
});

describe('a shared name opens no secret of others', () => {
  const OF_OTHERS = [
    'webhooks/dev/other',
    'webhooks/dev/other#acme',
    'webhooks/dev/other/basic',
    'webhooks/dev/other@signing',
    'webhooks/dev/tenants/retail/x',
    'webhooks/dev/endpoints/kafka',
    'webhooks/prod/other',
    `${ARN}:webhooks/dev/other-AbCdEf`,
  ];
  test.each([
    ['webhooks/dev'],
    ['webhooks'],
    ['webhooks/dev/tenants'],
    ['webhooks/dev/tenants/retail'],
    ['webhooks/dev/endpoints'],
  ])('%s', (name) => {
    const rules = { shared: [name, 'webhooks/dev/shared'] };
    for (const user of [{}, { endpoint: 'acme' }])
      expect(OF_OTHERS.filter((text) => may(text, user, rules))).toEqual([]);
    expect(may('webhooks/dev/acme', {}, rules)).toBe(true);
    expect(may('webhooks/dev/shared/x', {}, rules)).toBe(true);
    expect(may('webhooks/dev/tenants/retail/x', { tenant: 'retail' }, rules)).toBe(true);
  });

  test('unless it is the name of one, which the deployer shares', () => {
    const rules = { shared: ['webhooks/dev/other'] };
    expect(OF_OTHERS.filter((text) => may(text, {}, rules))).toEqual([
      'webhooks/dev/other',
      'webhooks/dev/other#acme',
      'webhooks/dev/other/basic',
      `${ARN}:webhooks/dev/other-AbCdEf`,
    ]);
  });
});

test('an account and a region that are not known are not compared', () => {
  const arn = 'arn:aws:secretsmanager:anywhere:999999999999:secret:webhooks/dev/acme-AbCdEf';
  expect(may(arn, {}, { account: undefined, region: undefined })).toBe(true);
  expect(may(arn, {}, { region: undefined })).toBe(false);
});

test('the reason says which names the item may use', () => {
  const user = { kind: 'subscription', name: 'acme/eu', tenant: 'retail' } as const;
  expect(refusalOfSecret(reference('webhooks/dev/other'), user, RULES)).toBe(
    'names a secret that belongs to others: this subscription may use webhooks/dev/acme=2feu and names below it (webhooks/dev/acme=2feu/…), and webhooks/dev/tenants/retail and names below it, and those of sharedSecretPrefixes. Copy the secret to such a name, or give items that share it one tenant',
  );
});

const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
/** Ids that look like parts of each other's names, and any others. */
const id = fc.oneof(
  fc.string({
    minLength: 1,
    maxLength: 12,
    unit: fc.constantFrom('a', '/', '.', '=', '@', '-', '2f', 'tenants'),
  }),
  fc.constantFrom('tenants', 'endpoints', '.', '..', 'acme', 'ACME', 'acme@signing', '=74enants'),
  fc.string({ minLength: 1, maxLength: 128, unit: visible }),
);

describe('the name that the CLI gives a secret', () => {
  test('is one that Secrets Manager takes, and that its subscription alone may use', () => {
    fc.assert(
      fc.property(id, id, fc.constantFrom(...PURPOSES), (one, other, purpose) => {
        const name = secretNameOf(one, purpose, RULES);
        expect(name).toMatch(/^[A-Za-z0-9/_+=.@-]{1,512}$/);
        const rules = { shared: [] };
        expect(may(name, { id: one }, rules)).toBe(true);
        expect(may(name, { id: other }, rules)).toBe(one === other);
        expect(may(name, { endpoint: one, tenant: 'a' }, rules)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is never that of another id, or of another purpose', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(secretNameOf(a, 'auth', RULES) === secretNameOf(b, 'auth', RULES)).toBe(a === b);
        expect(secretNameOf(a, 'auth', RULES)).not.toBe(secretNameOf(b, 'proxy', RULES));
      }),
      { numRuns: 1_000 },
    );
    expect(secretNameOf('acme', 'auth', RULES)).toBe('webhooks/dev/acme');
    expect(secretNameOf('a=b@c', 'auth', RULES)).not.toBe(secretNameOf('a@b=c', 'auth', RULES));
  });
});
