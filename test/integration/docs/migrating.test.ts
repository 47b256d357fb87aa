// The commands of MIGRATING.md, run as they stand there on a Gravitee configuration: the message comes with the
// credentials, which are no longer in the item.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDocuments } from '#lib/deployment/documents.ts';
import { readPage } from '#test/support/page.ts';
import { type Rig, startRig } from '#test/support/rig.ts';

const page = readPage('MIGRATING.md');
const scratch = mkdtempSync(join(tmpdir(), 'migrating-'));

let rig: Rig;
beforeAll(async () => {
  // The page's endpoint is one of a stage dev.
  rig = await startRig({ schedules: false, environment: { SECRETS_PREFIX: 'webhooks/dev' } });
});
afterAll(async () => {
  await rig?.close();
  rmSync(scratch, { recursive: true, force: true });
});

async function sh(script: string): Promise<string> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|WEBHOOKS)_/.test(name));
  const { stdout } = await promisify(execFile)('sh', ['-euc', script], {
    env: { ...Object.fromEntries(inherited), AWS_ENDPOINT_URL: rig.set.url },
  });
  return stdout;
}

test("Gravitee's subscription is put by the page's commands, and messages arrive with its credentials", async () => {
  const [putEndpoint = '', putSubscription = '', importThem = ''] = page.blocks('sh');
  await sh(putEndpoint);

  const file = (name: string) => join(scratch, name);
  writeFileSync(file('entrypoint.json'), page.block('entrypoint.json'));
  const consumer = page.block('consumer.json').replace('https://acme.example.com', rig.receiver.url);
  writeFileSync(file('consumer.json'), consumer);
  const commands = ['entrypoint.json', 'consumer.json'].reduce(
    (text, name) => text.replaceAll(name, file(name)),
    putSubscription,
  );
  expect(await sh(commands)).toContain('acme-orders is registered in webhooks-local-subscriptions.');

  await rig.set.publish('{"order": 17}', { topic: 'orders' });
  const [request] = await rig.receiver.requests('/hooks', 1);
  const credentials = Buffer.from('acme:a-very-secured-password').toString('base64');
  expect(request?.headers).toMatchObject({ authorization: `Basic ${credentials}`, 'x-tenant': 'acme' });

  const documents = createDocuments(rig.set.clients.dynamodb);
  const Key = { id: 'acme-orders' };
  const { Item } = await documents.send(
    new GetCommand({ TableName: rig.set.outputs.SubscriptionsTableName, Key, ConsistentRead: true }),
  );
  expect(JSON.stringify(Item)).not.toContain('a-very-secured-password');

  const one = { id: 'acme-2', status: 'ACCEPTED', consumerConfiguration: JSON.parse(consumer) };
  writeFileSync(file('subscriptions.json'), JSON.stringify({ data: [one] }));
  const imported = ['entrypoint.json', 'subscriptions.json'].reduce(
    (text, name) => text.replace(name, file(name)),
    importThem,
  );
  expect(await sh(imported)).toContain('acme-2 is valid, and would be put into');
});

test('every block of MIGRATING.md is run or read by a test', () => {
  expect(page.text.match(/^```\w.*$/gm)).toEqual([
    '```json entrypoint.json',
    '```json consumer.json',
    '```sh',
    '```sh',
    '```sh',
  ]);
});
