// The commands and the program of PUBLISHERS.md publish to a real set, and what they publish is delivered in order.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPage } from '#test/support/page.ts';
import { bodiesOf, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

const page = readPage('PUBLISHERS.md');
const scratch = mkdtempSync(join(tmpdir(), 'publishers-'));
const run = promisify(execFile);

let rig: Rig;
let orders: Subscribed;
beforeAll(async () => {
  rig = await startRig();
  orders = await rig.subscribe({ topic: 'orders', qos: 'at-least-once' });
  // Where the AWS CLI is not installed a stand-in answers to its name.
  const stand = join(scratch, 'aws');
  writeFileSync(stand, `#!/bin/sh\nexec "${process.execPath}" "${process.cwd()}/test/support/aws.ts" "$@"\n`);
  chmodSync(stand, 0o755);
});
afterAll(async () => {
  await rig?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const environment = () => ({
  ...process.env,
  PATH: `${process.env.PATH}:${scratch}`,
  AWS_ENDPOINT_URL: rig.set.url,
  AWS_DEFAULT_REGION: 'local',
  AWS_REGION: 'local',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  MESSAGES_FIFO_QUEUE_URL: rig.set.outputs.MessagesFifoQueueUrl,
});

test('the AWS CLI publishes in order', async () => {
  const [command = ''] = page.blocks('sh');
  const here = command.replaceAll('http://127.0.0.1:4566', rig.set.url);
  await run('sh', ['-euc', here], { env: environment() });
  const [request] = await orders.requests(1);
  expect(request?.headers['webhook-id']).toBe('order-17-placed');
  expect(request?.body.toString()).toBe('{"order": 17, "state": "placed"}');
});

test('publish.mjs publishes a batch that arrives in order; published twice, it arrives once', async () => {
  const program = page.block('publish.mjs');
  const publish = () => run(process.execPath, ['--input-type=module', '-e', program], { env: environment() });
  const before = orders.received().length;
  await publish();
  await publish();
  await orders.publish('the last', { group: 'order-18' });
  const requests = await orders.requests(before + 4);
  expect(bodiesOf(requests).slice(before)).toEqual([
    '{"order":18,"state":"placed"}',
    '{"order":18,"state":"paid"}',
    '{"order":18,"state":"shipped"}',
    'the last',
  ]);
});
