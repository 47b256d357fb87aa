// What AWS documents of Secrets Manager and this product, or its tests, rest on, asked through the SDK.
// Judges the local Secrets Manager, or another one: AWS_ENDPOINT_URL_SECRETS_MANAGER=http://… names it.
import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  type GetSecretValueCommandInput,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startEndpoint } from '#lib/local/aws/endpoint.ts';
import type { Listening } from '#lib/local/aws/listen.ts';
import { createSecretsServer } from '#lib/local/aws/secrets/server.ts';

const given = process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER;
let local: Listening | undefined;
let client: SecretsManagerClient;
/** A fresh name for each test. */
let name: string;

beforeAll(async () => {
  if (given === undefined) {
    local = await startEndpoint({ port: 0, services: { secretsManager: createSecretsServer() } });
  }
  client = new SecretsManagerClient({
    endpoint: given ?? local?.url ?? '',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.destroy();
  await local?.close();
});

beforeEach(() => {
  name = `webhooks/test/${randomUUID()}_`;
});

const create = (value: string) => client.send(new CreateSecretCommand({ Name: name, SecretString: value }));
const put = (value: string, more: { ClientRequestToken?: string; VersionStages?: string[] } = {}) =>
  client.send(new PutSecretValueCommand({ SecretId: name, SecretString: value, ...more }));
const get = (more: Partial<GetSecretValueCommandInput> = {}) =>
  client.send(new GetSecretValueCommand({ SecretId: name, ...more }));
const textOf = async (more: Partial<GetSecretValueCommandInput> = {}) => (await get(more)).SecretString;

describe('how a secret is named', () => {
  it('is read by its name', async () => {
    await create('one');
    expect(await textOf()).toBe('one');
  });

  it('is read by its ARN', async () => {
    const { ARN } = await create('one');
    expect(await textOf({ SecretId: ARN })).toBe('one');
  });

  it('is read by its ARN without the random end', async () => {
    const { ARN = '' } = await create('one');
    expect(await textOf({ SecretId: ARN.slice(0, -7) })).toBe('one');
  });

  it('is not found by its name with the random end', async () => {
    const { ARN = '' } = await create('one');
    await expect(get({ SecretId: name + ARN.slice(-7) })).rejects.toThrow(
      expect.objectContaining({ name: 'ResourceNotFoundException' }),
    );
  });

  it('can be created once', async () => {
    await create('one');
    await expect(create('two')).rejects.toThrow(expect.objectContaining({ name: 'ResourceExistsException' }));
    expect(await textOf()).toBe('one');
  });

  it('is an error by name when it is missing', async () => {
    await expect(get()).rejects.toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }));
  });
});

describe('a new version', () => {
  it('has the request token as its id', async () => {
    await create('one');
    const token = randomUUID();
    expect((await put('two', { ClientRequestToken: token })).VersionId).toBe(token);
  });

  it('is put once however often the same request comes', async () => {
    await create('one');
    const token = randomUUID();
    await put('two', { ClientRequestToken: token });
    await put('two', { ClientRequestToken: token });
    expect(await textOf()).toBe('two');
    expect(await textOf({ VersionStage: 'AWSPREVIOUS' })).toBe('one');
  });

  it('is refused when its token came with another value', async () => {
    await create('one');
    const token = randomUUID();
    await put('two', { ClientRequestToken: token });
    await expect(put('three', { ClientRequestToken: token })).rejects.toThrow(
      expect.objectContaining({ name: 'ResourceExistsException' }),
    );
    expect(await textOf()).toBe('two');
  });

  it('is the current one', async () => {
    await create('one');
    await put('two');
    expect(await textOf()).toBe('two');
  });

  it('makes the one before it AWSPREVIOUS', async () => {
    await create('one');
    await put('two');
    expect(await textOf({ VersionStage: 'AWSPREVIOUS' })).toBe('one');
  });

  it('leaves the one before it readable by its id', async () => {
    const { VersionId } = await create('one');
    await put('two');
    expect(await textOf({ VersionId })).toBe('one');
  });
});

describe('a rotation', () => {
  it('does not replace the current version while the new one is pending', async () => {
    await create('one');
    await put('two', { VersionStages: ['AWSPENDING'] });
    expect(await textOf()).toBe('one');
    expect(await textOf({ VersionStage: 'AWSPENDING' })).toBe('two');
  });

  async function promotePending() {
    const before = await create('one');
    const pending = await put('two', { VersionStages: ['AWSPENDING'] });
    const move = { SecretId: name, VersionStage: 'AWSCURRENT', MoveToVersionId: pending.VersionId };
    await client.send(
      new UpdateSecretVersionStageCommand({ ...move, RemoveFromVersionId: before.VersionId }),
    );
  }

  it('makes the pending version the current one', async () => {
    await promotePending();
    expect(await textOf()).toBe('two');
  });

  it('makes the current version the previous one', async () => {
    await promotePending();
    expect(await textOf({ VersionStage: 'AWSPREVIOUS' })).toBe('one');
  });

  it('is refused without the version that loses AWSCURRENT', async () => {
    await create('one');
    const { VersionId } = await put('two', { VersionStages: ['AWSPENDING'] });
    const move = { SecretId: name, VersionStage: 'AWSCURRENT', MoveToVersionId: VersionId };
    await expect(client.send(new UpdateSecretVersionStageCommand(move))).rejects.toThrow(
      expect.objectContaining({ name: 'InvalidParameterException' }),
    );
    expect(await textOf()).toBe('one');
  });

  it('shows which version has which stage', async () => {
    const one = await create('one');
    const two = await put('two');
    const three = await put('three');
    const described = await client.send(new DescribeSecretCommand({ SecretId: name }));
    expect(described.VersionIdsToStages).toEqual({
      [two.VersionId ?? '']: ['AWSPREVIOUS'],
      [three.VersionId ?? '']: ['AWSCURRENT'],
    });
    const listed = await client.send(
      new ListSecretVersionIdsCommand({ SecretId: name, IncludeDeprecated: true }),
    );
    expect(listed.Versions?.map((version) => version.VersionId)).toContain(one.VersionId);
  });
});

it('a binary value comes back byte by byte', async () => {
  const bytes = Uint8Array.from([1, 2, 0, 255]);
  await client.send(new CreateSecretCommand({ Name: name, SecretBinary: bytes }));
  const got = await get();
  expect([...(got.SecretBinary ?? [])]).toEqual([...bytes]);
  expect(got.SecretString).toBeUndefined();
});

describe('a deleted secret', () => {
  const remove = (more = {}) => client.send(new DeleteSecretCommand({ SecretId: name, ...more }));

  it('can not be read while it waits for its end', async () => {
    await create('one');
    await remove({ RecoveryWindowInDays: 7 });
    await expect(get()).rejects.toThrow(expect.objectContaining({ name: 'InvalidRequestException' }));
  });

  it('keeps its name while it waits for its end', async () => {
    await create('one');
    await remove();
    await expect(create('two')).rejects.toThrow(expect.objectContaining({ name: 'InvalidRequestException' }));
  });

  it('can be read again when it is restored', async () => {
    await create('one');
    await remove();
    await client.send(new RestoreSecretCommand({ SecretId: name }));
    expect(await textOf()).toBe('one');
  });

  it('is gone at once without a recovery window, and its name is free', async () => {
    await create('one');
    await remove({ ForceDeleteWithoutRecovery: true });
    await expect(get()).rejects.toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }));
    await create('two');
    expect(await textOf()).toBe('two');
  });
});
