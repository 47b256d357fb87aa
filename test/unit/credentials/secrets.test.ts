import { type SecretsManagerClient, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { readEntry } from '#lib/credentials/secret-entry.ts';
import { createSecrets } from '#lib/credentials/secrets.ts';
import { secretReference } from '#lib/item/secret-reference.ts';
import { startSecretsManager } from '#test/support/secrets-manager.ts';

const CACHE_MS = 300_000;

async function start() {
  const manager = await startSecretsManager({ one: 'v1' });
  const { client, clock } = manager;
  const secrets = createSecrets({ client, cacheMs: CACHE_MS, now: clock.now });
  const read = async (refusedVersion?: string) => {
    const got = await secrets.read('one', { version: refusedVersion });
    return got.ok ? got.value : got.code;
  };
  const anew = async (version?: string, user = 'acme') => {
    const got = await secrets.readAnew('one', { user, version });
    return got.ok ? got.value : got.code;
  };
  const version = async () => {
    const got = await secrets.read('one');
    return got.ok ? got.version : '';
  };
  return { ...manager, secrets, read, anew, version };
}

it('a value is read once for all who ask, and again when its time is over', async () => {
  const { read, reads, put, clock } = await start();
  expect(await Promise.all(Array.from({ length: 50 }, () => read()))).toEqual(
    Array.from({ length: 50 }, () => 'v1'),
  );
  expect(reads()).toBe(1);
  await put('one', 'v2');
  clock.ms += CACHE_MS - 1;
  expect(await read()).toBe('v1');
  clock.ms += 1;
  expect(await read()).toBe('v2');
  expect(reads()).toBe(2);
});

it('a binary value is its base64', async () => {
  const { secrets, client } = await start();
  const { CreateSecretCommand } = await import('@aws-sdk/client-secrets-manager');
  await client.send(new CreateSecretCommand({ Name: 'store', SecretBinary: Buffer.from([0, 255, 7]) }));
  expect(await secrets.read('store')).toMatchObject({ ok: true, value: 'AP8H' });
});

it('a value that was of no use is read anew, at most once in 30 seconds', async () => {
  const { read, anew, put, clock, reads } = await start();
  await read();
  await put('one', 'v2');
  expect(await Promise.all([anew(), anew(), anew()])).toContain('v2');
  expect(await read()).toBe('v2');
  await put('one', 'v3');
  clock.ms += 29_999;
  expect(await anew()).toBe('v2');
  expect(reads()).toBe(2);
  clock.ms += 1;
  expect(await anew()).toBe('v3');
});

it('in mid-rotation the pending value is tried when the current one is refused', async () => {
  const { read, anew, version, put, clock, secrets } = await start();
  const before = await version();
  await put('one', 'pending', { VersionStages: ['AWSPENDING'] });
  expect(await anew(before)).toBe('pending');
  expect(await read(before)).toBe('pending');
  clock.ms += 30_000;
  const pending = await secrets.read('one', { version: before });
  expect(await anew(pending.ok ? pending.version : '')).toBe('v1');
});

it('just after a rotation the previous value is tried when the current one is refused', async () => {
  const { read, anew, version, put, client } = await start();
  const before = await version();
  const { VersionId } = await put('one', 'v2', { VersionStages: ['AWSPENDING'] });
  await client.send(
    new UpdateSecretVersionStageCommand({
      SecretId: 'one',
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: VersionId,
      RemoveFromVersionId: before,
    }),
  );
  expect(await anew(VersionId)).toBe('v1');
  expect(await read(VersionId)).toBe('v1');
});

it('a refusal of one user changes nothing for others, and does not keep them from reading anew', async () => {
  const { read, anew, version, put, clock } = await start();
  await put('one', 'v2');
  const v2 = await version();
  expect(await anew(v2, 'acme')).toBe('v1');
  expect(await read()).toBe('v2');
  // Another user of the same refused version: the value that the first one needs stays.
  await anew(undefined, 'other');
  clock.ms += CACHE_MS;
  expect(await read()).toBe('v2');
  expect(await read(v2)).toBe('v1');
  await put('one', 'v3');
  expect(await anew(v2, 'third')).toBe('v3');
  expect(await read(v2)).toBe('v3');
});

it('while Secrets Manager can not say, the value that is known stays', async () => {
  const { read, put, server, clock } = await start();
  await read();
  await put('one', 'v2');
  server.faults.add({ operation: 'GetSecretValue', kind: 'throttle' });
  clock.ms += CACHE_MS;
  expect(await read()).toBe('v1');
  clock.ms += 5_000;
  expect(await read()).toBe('v2');
});

it('without one, the failure is told and asked about again after five seconds, not at every delivery', async () => {
  const { read, server, clock, reads } = await start();
  server.faults.add({ operation: 'GetSecretValue', kind: 'error', times: 1 });
  expect(await read()).toBe('secret-unavailable');
  expect(await read()).toBe('secret-unavailable');
  expect(reads()).toBe(1);
  clock.ms += 5_000;
  server.faults.add({ operation: 'GetSecretValue', kind: 'throttle', times: 1 });
  expect(await read()).toBe('secret-throttled');
  clock.ms += 5_000;
  expect(await read()).toBe('v1');
});

it('a secret that is not there says its name and what to do, and is found once it is', async () => {
  const { secrets, clock, create } = await start();
  expect(await secrets.read('webhooks/dev/none')).toEqual({
    ok: false,
    code: 'secret-missing',
    message: 'the secret webhooks/dev/none does not exist: create it, or name another in the item',
  });
  await create('webhooks/dev/none', 'now');
  clock.ms += 5_000;
  expect(await secrets.read('webhooks/dev/none')).toMatchObject({ ok: true, value: 'now' });
});

it.each([
  ['AccessDeniedException', 'secret-denied'],
  ['DecryptionFailure', 'secret-denied'],
  ['ThrottlingException', 'secret-throttled'],
  ['InvalidRequestException', 'secret-missing'],
  ['InternalServiceError', 'secret-unavailable'],
  ['TimeoutError', 'secret-unavailable'],
])('%s is told as %s, without the words of the error', async (name, code) => {
  const client = {
    send: () => Promise.reject(Object.assign(new Error('words of AWS'), { name })),
  };
  const secrets = createSecrets({ client, cacheMs: CACHE_MS, now: Date.now });
  const got = await secrets.read('one');
  expect(got).toMatchObject({ ok: false, code });
  expect(JSON.stringify(got)).not.toContain('words of AWS');
});

it('only the secret of the very name is used, whatever Secrets Manager finds by it', async () => {
  const named = { Name: 'webhooks/dev/acme', ARN: 'arn:acme', SecretString: 'a-secret', VersionId: '1' };
  const client = { send: async () => named } as unknown as SecretsManagerClient;
  const secrets = createSecrets({ client, cacheMs: CACHE_MS, now: () => 0 });
  for (const name of ['webhooks/dev/ACME', 'webhooks/dev/acme-AbCdEf', 'webhooks/dev/acme/']) {
    const read = await secrets.read(name);
    expect(read).toMatchObject({ ok: false, code: 'secret-missing' });
    expect(JSON.stringify(read)).not.toContain('a-secret');
  }
  expect(await secrets.read('webhooks/dev/acme')).toMatchObject({ ok: true, arn: 'arn:acme' });
});

it('an ARN in an item reads the secret by its name, and only if it is the ARN of this secret', async () => {
  const { client, create, reads, server } = await startSecretsManager();
  const { ARN = '' } = await create('webhooks/dev/acme', 'mine');
  await create('webhooks/dev/acme-second', 'of another');
  const secrets = createSecrets({ client, cacheMs: CACHE_MS, now: () => 0 });
  const content = async (text: string) => {
    const read = await readEntry(secretReference('a value').parse(text), z.string(), { secrets });
    return read.ok ? read.value : `${read.code}: ${read.message}`;
  };
  expect(await content(ARN)).toBe('mine');
  expect(await content(ARN.slice(0, -7))).toBe('mine');
  expect(await content('webhooks/dev/acme')).toBe('mine');
  const removed = `${ARN.slice(0, -6)}zzzzzz`;
  const other = 'the ARN in the item is not that of the secret webhooks/dev/acme';
  expect(await content(removed)).toContain(`secret-missing: ${other}`);
  // Secrets Manager would take it for the ARN of either secret.
  expect(await content(`${ARN.slice(0, -7)}-second`)).toContain(`secret-missing: ${other}`);
  expect(await content(ARN.replace(/:\d{12}:/, ':999999999999:'))).toContain(`secret-missing: ${other}`);
  // All of them are one entry of the cache, by the name.
  expect(reads()).toBe(1);
  expect(server.calls.list('GetSecretValue')).toMatchObject([{ secret: 'webhooks/dev/acme' }]);
});

it('what is kept is bounded by its size, and missing secrets are forgotten too', async () => {
  const asked: string[] = [];
  const client = {
    async send({ input: { SecretId } }: { input: { SecretId: string } }) {
      asked.push(SecretId);
      if (SecretId.startsWith('missing'))
        throw Object.assign(new Error(), { name: 'ResourceNotFoundException' });
      return { Name: SecretId, VersionId: '1', SecretString: 'x'.repeat(65_536) };
    },
  };
  const secrets = createSecrets({ client: client as never, cacheMs: CACHE_MS, now: () => 0 });
  const timesAsked = (name: string) => asked.filter((one) => one === name).length;
  for (let at = 0; at < 300; at++) {
    await secrets.read('in use');
    await secrets.read(`other ${at}`);
  }
  await secrets.read('other 299');
  await secrets.read('other 0');
  expect([timesAsked('in use'), timesAsked('other 299'), timesAsked('other 0')]).toEqual([1, 1, 2]);
  for (let at = 0; at < 32_000; at++) await secrets.read(`missing ${at}`);
  await secrets.read('other 299');
  expect(timesAsked('other 299')).toBe(2);
});
