// What the conformance test can't ask of every Secrets Manager: time, faults, the call log, refusals.
import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { startSecretsManager } from '#test/support/secrets-manager.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** A Secrets Manager with one secret, `one`, whose value is `v1`. */
async function start({ maxAttempts = 1 } = {}) {
  const { server, create, put, client, ...rest } = await startSecretsManager({}, { maxAttempts });
  const created = await create('one', 'v1');
  const get = (SecretId = 'one') => client.send(new GetSecretValueCommand({ SecretId }));
  const putOne = (value: string, more: { VersionStages?: string[] } = {}) => put('one', value, more);
  return { ...rest, client, secrets: server, created, get, put: putOne };
}

describe('an ordered fault', () => {
  it('throttles or fails as often as it is told, then the calls go on', async () => {
    const { secrets, get } = await start();
    secrets.faults.add({ operation: 'GetSecretValue', kind: 'throttle', queue: 'one' });
    secrets.faults.add({ operation: 'GetSecretValue', kind: 'error', times: 1 });
    secrets.faults.add({ operation: 'GetSecretValue', kind: 'error', queue: 'another' });
    await expect(get()).rejects.toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(get()).rejects.toMatchObject({
      name: 'InternalServiceError',
      $metadata: { httpStatusCode: 500 },
    });
    expect((await get()).SecretString).toBe('v1');
    expect(secrets.faults.pending()).toBe(1);
  });

  it('that loses the answer leaves the work done, and an SDK that asks again does it once', async () => {
    const { secrets, get, put } = await start({ maxAttempts: 2 });
    secrets.faults.add({ operation: 'PutSecretValue', kind: 'lost-answer' });
    const { VersionId, $metadata } = await put('v2');
    expect($metadata.attempts).toBe(2);
    expect(await get()).toMatchObject({ SecretString: 'v2', VersionId });
    expect(secrets.calls.list('PutSecretValue').map((call) => call.fault)).toEqual([
      'lost-answer',
      undefined,
    ]);
  });

  it('that loses the answer of a creation lets the same request create it once', async () => {
    const { secrets, client, get } = await start({ maxAttempts: 2 });
    secrets.faults.add({ operation: 'CreateSecret', kind: 'lost-answer' });
    const { $metadata } = await client.send(new CreateSecretCommand({ Name: 'two', SecretString: 'x' }));
    expect($metadata.attempts).toBe(2);
    expect((await get('two')).SecretString).toBe('x');
  });
});

it('each call is noted, and no value with it', async () => {
  const { secrets, clock, get } = await start();
  const at = clock.ms;
  clock.ms += 5;
  await expect(get('none')).rejects.toThrow();
  expect(secrets.calls.list()).toEqual([
    { at, operation: 'CreateSecret', secret: 'one' },
    { at: at + 5, operation: 'GetSecretValue', secret: 'none', error: 'ResourceNotFoundException' },
  ]);
  expect(JSON.stringify(secrets.calls.list())).not.toContain('v1');
});

describe('a deleted secret', () => {
  it('is gone, and its name free, when its recovery window is over', async () => {
    const { clock, client, get } = await start();
    const days = 7;
    const { DeletionDate } = await client.send(
      new DeleteSecretCommand({ SecretId: 'one', RecoveryWindowInDays: days }),
    );
    expect(DeletionDate).toEqual(new Date(clock.ms + days * dayMs));
    clock.ms += days * dayMs - 1;
    await expect(get()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    clock.ms += 1;
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await client.send(new CreateSecretCommand({ Name: 'one', SecretString: 'again' }));
    expect((await get()).SecretString).toBe('again');
  });

  it('is not listed', async () => {
    const { client } = await start();
    await client.send(new DeleteSecretCommand({ SecretId: 'one' }));
    expect((await client.send(new ListSecretsCommand())).SecretList).toEqual([]);
  });

  it('is no error by force when there is none', async () => {
    const { client } = await start();
    const force = { SecretId: 'none', ForceDeleteWithoutRecovery: true };
    expect(await client.send(new DeleteSecretCommand(force))).toMatchObject({ Name: 'none' });
    await expect(
      client.send(new DeleteSecretCommand({ ...force, RecoveryWindowInDays: 7 })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

it('a partial ARN whose name ends like a full one is not found, as on AWS', async () => {
  const { client, get } = await start();
  const { ARN = '' } = await client.send(new CreateSecretCommand({ Name: 'my-second', SecretString: 'x' }));
  expect((await get(ARN)).SecretString).toBe('x');
  await expect(get(ARN.slice(0, -7))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

it('a secret without a value has none to read until one is put', async () => {
  const { client, get } = await start();
  await client.send(new CreateSecretCommand({ Name: 'empty' }));
  await expect(get('empty')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await client.send(
    new PutSecretValueCommand({ SecretId: 'empty', SecretString: 'x', VersionStages: ['AWSPENDING'] }),
  );
  expect((await get('empty')).VersionStages?.sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
});

describe('a stage', () => {
  const stage = (client: SecretsManagerClient, more: object) =>
    client.send(
      new UpdateSecretVersionStageCommand({ SecretId: 'one', VersionStage: 'AWSCURRENT', ...more }),
    );

  it('AWSCURRENT can be moved but not taken away', async () => {
    const { client, created, get } = await start();
    await expect(stage(client, { RemoveFromVersionId: created.VersionId })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    expect((await get()).SecretString).toBe('v1');
  });

  it('of another kind can be taken away', async () => {
    const { client, get, put } = await start();
    const { VersionId } = await put('v2', { VersionStages: ['AWSPENDING'] });
    await stage(client, { VersionStage: 'AWSPENDING', RemoveFromVersionId: VersionId });
    const described = await client.send(new DescribeSecretCommand({ SecretId: 'one' }));
    expect(Object.values(described.VersionIdsToStages ?? {})).toEqual([['AWSCURRENT']]);
    expect((await get()).SecretString).toBe('v1');
  });

  it('moves back to the version before, which a rollback does', async () => {
    const { client, created, get, put } = await start();
    const { VersionId } = await put('v2');
    await stage(client, { MoveToVersionId: created.VersionId, RemoveFromVersionId: VersionId });
    expect((await get()).VersionStages).toEqual(['AWSCURRENT']);
    const previous = { SecretId: 'one', VersionStage: 'AWSPREVIOUS' };
    expect((await client.send(new GetSecretValueCommand(previous))).SecretString).toBe('v2');
  });
});

describe('a refusal', () => {
  it('is for two values at once, none, and one above 64 KiB', async () => {
    const { client, get, put } = await start();
    const invalid = { name: 'InvalidParameterException' };
    const both = { SecretId: 'one', SecretString: 'x', SecretBinary: Uint8Array.of(1) };
    await expect(client.send(new PutSecretValueCommand(both))).rejects.toMatchObject(invalid);
    await expect(client.send(new PutSecretValueCommand({ SecretId: 'one' }))).rejects.toMatchObject(invalid);
    await expect(put('é'.repeat(32_769))).rejects.toMatchObject(invalid);
    expect((await get()).SecretString).toBe('v1');
    await put('é'.repeat(32_768));
  });

  it('says which parameter is wrong', async () => {
    const { client } = await start();
    await expect(client.send(new CreateSecretCommand({ Name: 'a b' }))).rejects.toThrow(/letters.*Name/s);
    const short = { SecretId: 'one', SecretString: 'x', ClientRequestToken: randomUUID().slice(0, 31) };
    await expect(client.send(new PutSecretValueCommand(short))).rejects.toThrow(/ClientRequestToken/);
  });

  it('of an operation that is not here says which are', async () => {
    const { client } = await start();
    await expect(client.send(new RotateSecretCommand({ SecretId: 'one' }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringMatching(/does not serve RotateSecret.*GetSecretValue/),
    });
  });

  it('of a parameter that is not here names it', async () => {
    const { client } = await start();
    const Filters = [{ Key: 'name' as const, Values: ['one'] }];
    await expect(client.send(new ListSecretsCommand({ Filters }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'The local set does not serve the parameter Filters.',
    });
  });

  it('is for a body that is no JSON', async () => {
    const { endpoint } = await start();
    const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue' };
    const answer = await fetch(endpoint.url, { method: 'POST', headers, body: '{' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ __type: 'SerializationException' });
  });
});
