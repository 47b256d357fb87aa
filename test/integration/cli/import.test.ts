// `subscriptions import gravitee`, `put --entrypoint`, and ids that look like options, on the local set.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDocuments } from '#lib/deployment/documents.ts';
import { webhooks } from '#test/support/cli.ts';
import type { Ended } from '#test/support/cli-program.ts';
import { type Rig, startRig } from '#test/support/rig.ts';

const scratch = mkdtempSync(join(tmpdir(), 'import-'));
let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ schedules: false });
});
afterAll(async () => {
  await rig?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const run = (args: readonly string[], stdin: unknown = ''): Promise<Ended> =>
  webhooks(args, {
    endpointUrl: rig.set.url,
    stdin: typeof stdin === 'string' ? stdin : JSON.stringify(stdin),
  });
const importing = (document: unknown, ...more: string[]) =>
  run(['subscriptions', 'import', 'gravitee', '-', '--topic', 'imported', ...more], document);

async function stored(id: string): Promise<Record<string, unknown> | undefined> {
  const documents = createDocuments(rig.set.clients.dynamodb);
  const TableName = rig.set.outputs.SubscriptionsTableName;
  return (await documents.send(new GetCommand({ TableName, Key: { id }, ConsistentRead: true }))).Item;
}

const subscription = (id: string, more: object = {}, options: object = {}) => ({
  id,
  plan: { id: 'plan' },
  status: 'ACCEPTED',
  consumerStatus: 'STARTED',
  consumerConfiguration: {
    entrypointId: 'webhook',
    channel: '',
    entrypointConfiguration: {
      callbackUrl: `${rig.receiver.url}/${id}`,
      headers: null,
      ssl: {
        hostnameVerifier: true,
        trustAll: false,
        trustStore: { type: 'NONE' },
        keyStore: { type: 'NONE' },
      },
      ...options,
    },
  },
  metadata: null,
  ...more,
});

test('an export with several is put, each with what it becomes and what is not carried over', async () => {
  const basic = { auth: { type: 'basic', basic: { username: 'u', password: 'hunter2' } } };
  const data = [
    subscription('g-one', {}, basic),
    subscription('g-stopped', { consumerStatus: 'STOPPED' }),
    subscription('g-closed', { status: 'CLOSED' }),
  ];
  const dry = await importing({ data }, '--dry-run');
  expect(dry.code).toBe(0);
  expect(await stored('g-one')).toBeUndefined();

  const { code, stdout } = await importing({ data });
  expect(code).toBe(0);
  expect(stdout).toContain('g-one is registered in');
  expect(stdout).toContain('auth.basic was moved into the secret webhooks/local/g-one');
  expect(stdout).toContain('Not carried over: plan.');
  expect(stdout).toContain('It is paused, as it was stopped in Gravitee (consumerStatus STOPPED)');
  expect(stdout).toContain('g-closed is left out: it does not deliver any more (status CLOSED).');
  expect(stdout).not.toContain('hunter2');
  expect(JSON.stringify(await stored('g-one'))).not.toContain('hunter2');
  expect(await stored('g-closed')).toBeUndefined();

  await rig.set.publish('"a message"', { topic: 'imported' });
  const [request] = await rig.receiver.requests('/g-one', 1);
  expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('u:hunter2').toString('base64')}`);
  expect((await run(['status', 'g-stopped', '--json'])).stdout).toContain('stopped in Gravitee');
});

test('a topic that is a beginning is put as put does it', async () => {
  const { code, stderr } = await importing(subscription('g-prefix'), '--topic', 'orders.*');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await stored('g-prefix')).toMatchObject({ topic: '*', topics: ['orders.*'] });
});

test('where one is invalid none is put, and the faults of each are said', async () => {
  const data = [
    subscription('g-good'),
    subscription('g-bad', {}, { callbackUrl: 'ftp://x' }),
    subscription('g-worse', {}, { auth: { type: 'digest' } }),
  ];
  const { code, stdout, stderr } = await importing({ data }, '--json');
  expect(code).toBe(1);
  expect(stderr).toContain('Nothing was put');
  expect(JSON.parse(stdout)).toMatchObject([
    { id: 'g-good', kind: 'imported' },
    { id: 'g-bad', kind: 'invalid', faults: [{ path: 'entrypointConfiguration.callbackUrl' }] },
    { id: 'g-worse', kind: 'invalid', faults: [{ path: 'entrypointConfiguration.auth.type' }] },
  ]);
  expect(await stored('g-good')).toBeUndefined();
});

test('of two without an id each has its own faults', async () => {
  const data = [subscription('', { id: null }), subscription('', { id: null }, { callbackUrl: 'ftp://x' })];
  const { stdout } = await importing({ data }, '--json');
  const pathsOf = ({ faults }: { faults: { path: string }[] }) => faults.map(({ path }) => path);
  expect(JSON.parse(stdout).map(pathsOf)).toEqual([['id'], ['id', 'entrypointConfiguration.callbackUrl']]);
});

test('put takes the entrypoint from a file of its own, as the seed has it', async () => {
  const file = join(scratch, 'entrypoint.json');
  writeFileSync(
    file,
    JSON.stringify({
      type: 'webhook-advanced',
      qos: 'At-Least-Once',
      dlq: { endpoint: 'undeliverable' },
      configuration: { http: { readTimeout: 5_000 } },
    }),
  );
  const item = {
    configuration: { entrypointId: 'webhook-advanced', callbackUrl: `${rig.receiver.url}/seed` },
  };
  const args = ['subscriptions', 'put', '-', '--id', 'from-seed', '--topic', 'seed', '--entrypoint', file];
  expect(await run(args, item)).toMatchObject({ code: 0, stderr: '' });
  expect(await stored('from-seed')).toMatchObject({
    qos: 'At-Least-Once',
    dlq: { endpoint: 'undeliverable' },
    configuration: { http: { readTimeout: 5_000 }, callbackUrl: `${rig.receiver.url}/seed` },
  });
});

test('an object of the management API that is put says what to do', async () => {
  const { code, stderr } = await run(['subscriptions', 'put', '-'], subscription('g-put'));
  expect(code).toBe(1);
  expect(stderr).toContain('consumerConfiguration: is not known here');
  expect(stderr).toContain('subscriptions import gravitee');
});

describe('an id that looks like an option', () => {
  test.each(['--json', `-'#$(1)"*/../`])('%s can be named by every command', async (id) => {
    const item = { id, qos: 'at-most-once', configuration: { callbackUrl: `${rig.receiver.url}/odd` } };
    expect(await run(['subscriptions', 'put', '-'], item)).toMatchObject({ code: 0 });
    const commands = [
      ['subscriptions', 'get', '--', id],
      ['subscriptions', 'check', '--', id],
      ['status', '--', id],
      ['backlog', 'list', '--', id],
      ['held', 'list', '--', id],
      ['publish', `--subscription=${id}`, 'a message'],
      ['subscriptions', 'test', '--', id],
      ['pause', '--', id],
    ];
    const remove = ['subscriptions', 'remove', '--', id];
    const ended = [...(await Promise.all(commands.map((command) => run(command)))), await run(remove)];
    const all = [...commands, remove];
    expect(ended.map(({ code, stderr }, at) => ({ command: all[at], code, stderr }))).toEqual(
      all.map((command) => ({ command, code: 0, stderr: '' })),
    );
  });

  test('the error of an option that is not known says how', async () => {
    const { code, stderr } = await run(['status', '-x']);
    expect(code).toBe(2);
    expect(stderr).toContain('an id that begins with - goes behind --');
  });
});
