// The rules that the CLI asks a deployment for, also one of an older version.
import { expect, test } from 'vitest';
import { readRules } from '#lib/cli/actions/rules.ts';
import { namesOf } from '#lib/cli/terminal/names.ts';
import { itemRules } from '#lib/deployment/rules.ts';
import { SecretReference } from '#lib/item/secret-reference.ts';

/** What a deployment of 0.2.0 answers. */
const OLD = {
  largestReadTimeoutMs: 30_000,
  allowHttp: false,
  allowedCidrs: [],
  allowThisMachine: false,
  allowTrustAll: false,
  responseCapBytes: 65_536,
};

async function rulesOf(rules: object) {
  const Payload = Buffer.from(JSON.stringify({ ok: true, message: '', rules }));
  const lambda = { send: async () => ({ Payload }) } as never;
  return await readRules({ names: namesOf('dev'), lambda: async () => lambda });
}

test('an older deployment does not answer all, and its items are judged as after an upgrade', async () => {
  const rules = await rulesOf(OLD);
  expect(rules).toMatchObject({ allowAnyHostname: false, secrets: { prefix: 'webhooks/dev', shared: [] } });
  const user = { kind: 'subscription', name: 'acme', tenant: undefined } as const;
  const { checkSecret } = itemRules(rules);
  expect(checkSecret(new SecretReference('webhooks/dev/acme/x'), user)).toBeUndefined();
  expect(checkSecret(new SecretReference('webhooks/dev/other'), user)).toContain('belongs to others');
});

test('the prefixes, the account and the region of the deployment count', async () => {
  const secrets = { prefix: 'a/b', shared: ['c'], account: '111122223333', region: 'eu-central-1' };
  expect((await rulesOf({ ...OLD, allowAnyHostname: true, secrets })).secrets).toEqual(secrets);
});
