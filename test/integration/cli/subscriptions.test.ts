// `webhooks subscriptions …` on the local set: what is put, what is refused and why, where credentials go.
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
} from '@aws-sdk/client-secrets-manager';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CAUSES } from '#lib/deliver/cause.ts';
import { createDocuments } from '#lib/deployment/documents.ts';
import { webhooks } from '#test/support/cli.ts';
import type { Ended } from '#test/support/cli-program.ts';
import { parameterDefaults } from '#test/support/parameter-defaults.ts';
import { type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ schedules: false });
});
afterAll(() => rig?.close());

const run = (args: readonly string[], stdin = ''): Promise<Ended> =>
  webhooks(['subscriptions', ...args], { endpointUrl: rig.set.url, stdin });
const put = (item: object, ...more: string[]) => run(['put', '-', ...more], JSON.stringify(item));
const callback = (path: string) => `${rig.receiver.url}/${path}`;
const item = (id: string, more: object = {}, configuration: object = {}) => ({
  id,
  ...more,
  configuration: { callbackUrl: callback(id), ...configuration },
});

async function stored(id: string): Promise<Record<string, unknown> | undefined> {
  const documents = createDocuments(rig.set.clients.dynamodb);
  const TableName = rig.set.outputs.SubscriptionsTableName;
  return (await documents.send(new GetCommand({ TableName, Key: { id }, ConsistentRead: true }))).Item;
}

async function secretNamed(SecretId: string): Promise<unknown> {
  const { SecretString } = await rig.set.clients.secrets.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString ?? '');
}
async function versionsOf(SecretId: string): Promise<number> {
  const { Versions = [] } = await rig.set.clients.secrets.send(new ListSecretVersionIdsCommand({ SecretId }));
  return Versions.length;
}

const KEY = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER_KEY = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

describe('put', () => {
  test('registers from standard input, prints the result, and messages arrive', async () => {
    expect(await put(item('plain', { topic: 'plain' }))).toEqual({
      code: 0,
      stdout: 'plain is registered in webhooks-local-subscriptions.\n',
      stderr: '',
    });
    expect((await put(item('plain', { topic: 'plain' }))).stdout).toBe(
      'plain is unchanged in webhooks-local-subscriptions.\n',
    );
    expect((await put(item('plain', { topic: 'plain', qos: 'none' }))).stdout).toBe(
      'plain is changed in webhooks-local-subscriptions.\n',
    );
    await rig.set.publish('1', { topic: 'plain' });
    await rig.receiver.requests('/plain', 1);
  });

  test('reads YAML, and several items from one file; if one is invalid, none is put', async () => {
    const yaml = (qos: string) => `# two of them
id: yaml-1
configuration:
  callbackUrl: ${callback('yaml-1')}
---
- id: yaml-2
  qos: ${qos}
  configuration: { callbackUrl: '${callback('yaml-2')}' }
`;
    const refused = await run(['put', '-'], yaml('twice'));
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^standard input, item 2 is invalid:\n {2}qos: .*\nNothing was put\. 1 other/,
    );
    expect(await stored('yaml-1')).toBeUndefined();
    expect(await run(['put', '-'], yaml('auto'))).toMatchObject({ code: 0, stderr: '' });
    expect(await stored('yaml-2')).toEqual(item('yaml-2', { qos: 'auto' }));
  });

  test('of several invalid items each is named with all its faults, and none is put', async () => {
    const anywhere = [
      item('several-1', { qos: 'twice', topic: 'a*b' }),
      item('several-2'),
      item('several-3', { topics: [] }),
    ];
    const refused = await put(anywhere);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^standard input, item 1 is invalid:\n {2}topic: .*\n {2}qos: .*\nstandard input, item 3 is invalid:\n {2}topics: .*\nNothing was put\. 1 other item has not yet been checked against the deployment\.\n$/,
    );
    const here = [
      item('several-1', { dlq: { endpoint: 'not-there' } }),
      item('several-2'),
      item('several-3', {}, { callbackUrl: 'https://10.0.0.1/x' }),
    ];
    expect((await put(here)).stderr).toMatch(
      /^standard input, item 1 is invalid:\n {2}dlq.*\nstandard input, item 3 is invalid:\n {2}configuration.callbackUrl: .*\nNothing was put\.\n$/,
    );
    expect(await stored('several-2')).toBeUndefined();
  });

  test.each([
    [
      'a readTimeout above the deployment’s',
      { http: { readTimeout: 30_001 } },
      'http.readTimeout: must be at most 30000',
    ],
    ['a private address', { callbackUrl: 'https://10.0.0.1/x' }, 'callbackUrl: leads to a private address'],
    [
      'the metadata address',
      { callbackUrl: 'http://169.254.169.254/x' },
      'callbackUrl: leads to a link-local address',
    ],
    [
      'a name that is not there',
      { callbackUrl: 'https://nobody.invalid/x' },
      'callbackUrl: has a host name without an address: correct it, or give --skip-dns',
    ],
    [
      'a secret that is not there',
      { auth: { type: 'basic', secret: 'webhooks/local/refused' } },
      'auth.secret: names a secret that does not exist: create it',
    ],
    ['a short key', { signing: { keys: ['whsec_c2hvcnQ='] } }, 'signing.keys.0: '],
  ])('refuses %s, and puts nothing', async (_, configuration, told) => {
    const refused = await put(item('refused', {}, configuration));
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`configuration.${told}`);
    expect(await stored('refused')).toBeUndefined();
  });

  test('--skip-dns accepts a name that only the deployment can resolve', async () => {
    const inside = item('inside', {}, { callbackUrl: 'https://nobody.invalid/x' });
    expect(await put(inside, '--skip-dns')).toMatchObject({ code: 0 });
    expect(await stored('inside')).toEqual(inside);
  });

  test('a dlq with an unknown endpoint is refused, and accepted when the endpoint exists', async () => {
    const letters = item('letters', { dlq: { endpoint: 'rejected' } });
    expect((await put(letters)).stderr).toContain('dlq.endpoint: names an endpoint that does not exist');
    await rig.set.putEndpoint({ name: 'rejected', type: 'sqs', configuration: {} });
    expect((await put(letters)).stderr).toContain(
      'dlq.endpoint: names an endpoint whose item is invalid; correct that item: ',
    );
    const queueUrl = rig.set.outputs.UndeliverableQueueUrl;
    await rig.set.putEndpoint({ name: 'rejected', type: 'sqs', configuration: { queueUrl } });
    expect(await put(letters)).toMatchObject({ code: 0 });
  });

  test('--id and --topic complete an item, and may not contradict it', async () => {
    const { id: _, ...nameless } = item('completed');
    expect(await put(nameless, '--id', 'completed', '--topic', 't')).toMatchObject({ code: 0 });
    expect(await stored('completed')).toEqual(item('completed', { topic: 't' }));
    expect(await put(item('a'), '--id', 'b')).toMatchObject({
      code: 2,
      stderr: 'standard input has another id than --id: remove one of the two.\n',
    });
  });

  test.each([
    ['', 'standard input is empty: give an item in JSON or YAML.\n'],
    ['- a', 'standard input: must be an object, such as {"id": "acme", "configuration": {…}}.\n'],
    [
      '{"id": "a",\n "password": "hunter2"\n "x": [',
      'standard input, line 3: the text is neither JSON nor YAML',
    ],
  ])('%j is no item', async (text, told) => {
    const refused = await run(['put', '-'], text);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(told);
    expect(refused.stderr).not.toContain('hunter2');
  });

  test('a missing file is named in the error', async () => {
    expect(await run(['put', 'nowhere.json'])).toEqual({
      code: 1,
      stdout: '',
      stderr: "nowhere.json can't be read: there is no such file.\n",
    });
  });
});

describe('credentials', () => {
  const signed = (key: string) => item('signed', {}, { signing: { keys: [key] } });
  const NAME = 'webhooks/local/signed@signing';

  test('are moved into Secrets Manager, read from there, and written again only when they change', async () => {
    const dry = await put(signed(KEY), '--dry-run');
    expect(dry.stdout).toBe(
      `signed is valid, and would be put into webhooks-local-subscriptions.\n  configuration.signing.keys would be moved into the secret ${NAME}.\n`,
    );
    expect(await stored('signed')).toBeUndefined();
    const { SecretList = [] } = await rig.set.clients.secrets.send(new ListSecretsCommand({}));
    expect(SecretList.filter(({ Name }) => Name === NAME)).toEqual([]);

    const first = await put(signed(KEY));
    expect(first.stdout).toContain(
      `  configuration.signing.keys was moved into the secret ${NAME} (created).\n`,
    );
    expect(`${first.stdout}${first.stderr}`).not.toContain(KEY);
    expect(await stored('signed')).toEqual(item('signed', {}, { signing: { secrets: [NAME] } }));
    expect(await secretNamed(NAME)).toEqual({ value: [KEY] });

    expect((await put(signed(KEY))).stdout).toContain('(unchanged)');
    expect(await versionsOf(NAME)).toBe(1);
    expect((await put(signed(OTHER_KEY))).stdout).toContain('(new value)');
    expect(await secretNamed(NAME)).toEqual({ value: [OTHER_KEY] });

    await rig.set.publish('1', { subscription: 'signed' });
    const [request] = await rig.receiver.requests('/signed', 1);
    expect(request?.headers['webhook-signature']).toMatch(/^v1,/);
  });

  test('in an item from a raw put are never printed', async () => {
    await rig.set.putSubscription(item('raw', {}, { signing: { keys: [KEY] } }));
    const shown = await run(['get', 'raw']);
    expect(`${shown.stdout}${shown.stderr}${(await run(['list', '--json'])).stdout}`).not.toContain(KEY);
    expect(shown.stderr).toContain('configuration.signing.keys is not shown: it holds credentials.');
    expect(await run(['put', '-'], shown.stdout)).toMatchObject({ code: 1 });
  });
});

// As they stand in Gravitee's documentation.
const EXAMPLES = {
  basic: {
    configuration: {
      entrypointId: 'webhook-advanced',
      callbackUrl: 'https://example.com',
      auth: { type: 'basic', basic: { username: 'username', password: 'a-very-secured-password' } },
    },
  },
  token: {
    configuration: {
      entrypointId: 'webhook-advanced',
      callbackUrl: 'https://example.com',
      auth: { type: 'token', token: { value: 'eyJraWQiOiJk...' } },
    },
  },
  oauth2: {
    configuration: {
      entrypointId: 'webhook-advanced',
      callbackUrl: 'https://example.com',
      auth: {
        type: 'oauth2',
        oauth2: {
          endpoint: 'https://auth.gravitee.io/my-domain/oauth/token',
          clientId: 'a-client-id',
          clientSecret: 'a-client-secret',
          scopes: ['roles'],
        },
      },
    },
  },
};

describe.each(Object.entries(EXAMPLES))('the example of %s', (kind, { configuration }) => {
  const id = `example-${kind}`;
  const { auth } = configuration;
  const secret = `webhooks/local/${id}`;
  const credentials: unknown = Object.entries(auth).find(([name]) => name === kind)?.[1];

  test('can be registered unchanged, with its credentials in a secret', async () => {
    const given = ['--id', id, '--topic', kind, '--skip-dns'];
    const { code, stdout, stderr } = await put({ configuration }, ...given);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`configuration.auth.${kind} was moved into the secret ${secret} (created).`);
    expect(await secretNamed(secret)).toEqual(credentials);
    expect(await stored(id)).toEqual({
      id,
      topic: kind,
      configuration: { ...configuration, auth: { type: kind, secret } },
    });
  });

  test('a test call sends the credentials', async () => {
    rig.receiver.answer('/token', [], {
      headers: { 'content-type': 'application/json' },
      body: '{"access_token":"a-token","token_type":"Bearer","expires_in":60}',
    });
    const here = { ...EXAMPLES.oauth2.configuration.auth.oauth2, endpoint: callback('token') };
    const mine = kind === 'oauth2' ? { type: 'oauth2', oauth2: here } : auth;
    await put(item(id, {}, { auth: mine, signing: { keys: [KEY] } }));
    const { code, stdout, stderr } = await run(['test', id, '--body', 'a sample', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [request] = await rig.receiver.requests(`/${id}`, 1);
    expect(request?.headers.authorization).toBe(
      {
        basic: `Basic ${Buffer.from('username:a-very-secured-password').toString('base64')}`,
        token: 'Bearer eyJraWQiOiJk...',
        oauth2: 'Bearer a-token',
      }[kind],
    );
    expect(request?.headers['webhook-signature']).toMatch(/^v1,/);
    expect(request?.body.toString()).toBe('a sample');
    const said: unknown = JSON.parse(stdout);
    expect(said).toMatchObject({
      outcome: 'delivered',
      status: 200,
      webhookId: request?.headers['webhook-id'],
      headers: expect.arrayContaining(['authorization', 'webhook-signature']),
    });
    for (const shown of ['secured', 'eyJ', 'a-token', 'v1,']) expect(stdout).not.toContain(shown);
  });
});

describe('a test call', () => {
  test('that is rejected prints the answer, and exits with 1', async () => {
    await put(item('teapot'));
    rig.receiver.answer('/teapot', [{ status: 418, body: 'no\u001b[2Jcoffee' }]);
    const { code, stdout, stderr } = await run(['test', 'teapot']);
    expect(stdout).toMatch(
      /^teapot: rejected, the callback answered 418, after \d+ ms\.\n {2}sent with accept, content-type, user-agent, .*\n {2}answered: no\?\[2Jcoffee\n$/,
    );
    expect(stderr).toMatch(/^The callback refused the call: /);
    expect(code).toBe(1);
    expect(await rig.pauseOf('teapot')).toBeUndefined();
  });

  test('with a missing secret sends no request, and names the secret', async () => {
    await rig.set.putSubscription(
      item('secretless', {}, { auth: { type: 'basic', secret: 'webhooks/local/secretless' } }),
    );
    const { code, stdout, stderr } = await run(['test', 'secretless']);
    expect(stdout).toMatch(/^secretless: unsent, the secret webhooks\/local\/secretless does not exist/);
    expect(stderr).toBe(`${CAUSES['secret-missing']}\n`);
    expect(code).toBe(1);
    expect(rig.receiver.received('/secretless')).toEqual([]);
  });

  test('sends a batch when the item has one, and a body that does not fit alone', async () => {
    await put(item('batched', { qos: 'at-most-once' }, { batch: { format: 'ndjson' } }));
    const sent = await run(['test', 'batched', '--body', '{"a":1}', '--json']);
    const [batch] = await rig.receiver.requests('/batched', 1);
    expect(batch?.headers).toMatchObject({ 'webhook-batch': '2', 'content-type': 'application/x-ndjson' });
    expect(batch?.body.toString()).toBe('{"a":1}\n{"a":1}\n');
    expect(JSON.parse(sent.stdout)).toMatchObject({
      outcome: 'delivered',
      messages: 2,
      webhookId: batch?.headers['webhook-id'],
    });
    expect((await run(['test', 'batched', '--body', '{"a":1}'])).stdout).toContain(
      'sent as a batch of 2 messages (application/x-ndjson)',
    );
    const alone = await run(['test', 'batched', '--body', 'hello', '--json']);
    const requests = await rig.receiver.requests('/batched', 3);
    expect(requests[2]?.headers).not.toHaveProperty('webhook-batch');
    expect(requests[2]?.body.toString()).toBe('hello');
    expect(JSON.parse(alone.stdout)).not.toHaveProperty('messages');
    expect(await rig.heldOf('batched')).toEqual([]);
  });

  test('under at-most-once writes no claim and holds no message', async () => {
    await put(item('once', { qos: 'at-most-once' }));
    rig.receiver.answer('/once', [{ status: 500 }]);
    expect(await run(['test', 'once'])).toMatchObject({ code: 1 });
    expect(await run(['test', 'once'])).toMatchObject({ code: 0 });
    expect(await rig.heldOf('once')).toEqual([]);
  });
});

test('list prints all in order, with the faults of invalid ones, as a table and as JSON', async () => {
  await put(item('list-b', { topic: 'list' }, { callbackUrl: `${callback('list-b')}?token=hunter2` }));
  await rig.set.putSubscription({ id: 'list-a', topic: 'list', configuration: { callbackUrl: 'ftp://x' } });
  const { stdout } = await run(['list', '--topic', 'list']);
  expect(stdout).toMatch(
    /^id {6}topic {2}qos {3}dlq {2}calls\nlist-a .* invalid: configuration\.callbackUrl: .*\nlist-b {2}list {3}auto {7}http:\S+\/list-b\n$/,
  );
  const json = await run(['list', '--topic', 'list', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject([
    { id: 'list-a', fault: expect.any(String) },
    { id: 'list-b', topic: 'list', qos: 'auto', calls: callback('list-b') },
  ]);
  expect((await run(['list', '--topic', 'nobody'])).stdout).toBe(
    'No subscriptions in webhooks-local-subscriptions.\n',
  );
});

test('list, get and put show the rate of a subscription', async () => {
  await put(item('rate-a', { topic: 'rate', rateLimit: { requests: 1, perSeconds: 60 } }));
  await put(item('rate-b', { topic: 'rate' }));
  const { stdout } = await run(['list', '--topic', 'rate']);
  expect(stdout).toMatch(/^id {6}topic {2}qos {3}rate {7}dlq {2}calls\nrate-a .* 1 in 60 s .*\nrate-b .*\n$/);
  expect(JSON.parse((await run(['list', '--topic', 'rate', '--json'])).stdout)).toMatchObject([
    { id: 'rate-a', rate: '1 in 60 s' },
    { id: 'rate-b' },
  ]);
  expect(JSON.parse((await run(['get', 'rate-a'])).stdout)).toMatchObject({
    rateLimit: { requests: 1, perSeconds: 60 },
  });
  const fast = JSON.stringify(item('rate-c', { rateLimit: { requests: 2_000 } }));
  const refused = await run(['put', '-'], fast);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/rateLimit\.requests.* is faster than 1,000 requests a second/);
});

test('get prints an item that can be put unchanged; an unknown id is an error', async () => {
  await put(item('got', { topic: 't', metadata: { note: 'ü' } }));
  const { stdout } = await run(['get', 'got']);
  expect((await run(['put', '-'], stdout)).stdout).toContain('got is unchanged in');
  expect(await run(['get', 'nobody'])).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'There is no subscription nobody in webhooks-local-subscriptions: subscriptions list shows all.\n',
  });
});

test('remove deletes the item, and its secrets with --with-secrets', async () => {
  await put(item('going', {}, { signing: { keys: [KEY] } }));
  const kept = await run(['remove', 'going']);
  expect(kept).toMatchObject({ code: 0, stderr: '' });
  const minutes = parameterDefaults().get('unsubscribedAfterMinutes');
  const keptFor = `${minutes} minutes, unless the deployment sets unsubscribedAfterMinutes`;
  expect(kept.stdout).toContain(keptFor);
  expect((await run(['remove', '--help'])).stdout.replaceAll(/\s+/g, ' ')).toContain(keptFor);
  expect(await stored('going')).toBeUndefined();
  expect(await secretNamed('webhooks/local/going@signing')).toEqual({ value: [KEY] });
  await put(item('going', {}, { signing: { keys: [KEY] } }));
  expect((await run(['remove', 'going', '--with-secrets'])).stdout).toContain(
    'The secret webhooks/local/going@signing is deleted after 30 days.',
  );
  await expect(secretNamed('webhooks/local/going@signing')).rejects.toThrow('delet');
  const again = await put(item('going', {}, { signing: { keys: [KEY] } }));
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toContain('aws secretsmanager restore-secret');
  expect(await run(['remove', 'going'])).toMatchObject({ code: 1 });
});
