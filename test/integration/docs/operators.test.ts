// The recipes of OPERATORS.md, run as they stand there on a set where all of it has happened: a receiver that refuses,
// one that may have got a payment, a message that nobody could be found for, a queue of dead letters.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPage } from '#test/support/page.ts';
import { bodiesOf, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

const page = readPage('OPERATORS.md');
const [deploying = '', ...recipes] = page.blocks('sh');
const scratch = mkdtempSync(join(tmpdir(), 'operators-'));

let rig: Rig;
let shipments: Subscribed;
let payments: Subscribed;
beforeAll(async () => {
  rig = await startRig({ schedules: false });
  const { QueueUrl } = await rig.set.clients.sqs.send(new CreateQueueCommand({ QueueName: 'rejected' }));
  rig.endPollsOf('rejected');
  await rig.set.putEndpoint({ name: 'rejected-orders', type: 'sqs', configuration: { queueUrl: QueueUrl } });

  shipments = await rig.subscribe({ id: 'acme-shipments', qos: 'at-least-once' });
  rig.receiver.answer(shipments.path, [{ status: 404, body: 'no such shipment' }]);
  await shipments.publishAll(['first', 'second', 'third'], 'g');
  await rig.paused('acme-shipments', 'rejected');

  payments = await rig.subscribe({ id: 'acme-payments', qos: 'at-most-once' });
  rig.receiver.answer(payments.path, [{ status: 500 }]);
  await payments.publish('a payment');
  await rig.held('acme-payments', 1);

  await rig.set.publish('for whom?', { subscription: 'acme-returns' });
  await rig.emptied('webhooks-local-messages');
});
afterAll(async () => {
  await rig?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** Runs the recipe with this command in it, once; what it printed. */
async function follow(command: string): Promise<string> {
  const at = recipes.findIndex((recipe) => recipe.includes(command));
  const [recipe = `echo there is no recipe ${command}; false`] = at === -1 ? [] : recipes.splice(at, 1);
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|WEBHOOKS)_/.test(name));
  const { stdout } = await promisify(execFile)(
    'sh',
    [
      '-euc',
      recipe.replaceAll('acme.json', join(scratch, 'acme.json')).replace('--stage NAME', '--stage local'),
    ],
    { env: { ...Object.fromEntries(inherited), AWS_ENDPOINT_URL: rig.set.url } },
  );
  return stdout;
}

test('subscriptions in trouble are listed with the reason', async () => {
  const shown = await follow('status --not-going');
  expect(shown).toMatch(/acme-shipments .*404/);
  expect(shown).toContain('acme-payments');
});

test('the first message is skipped, and the others arrive in order', async () => {
  const shown = await follow('skip-head acme-shipments');
  expect(shown).toContain('acme-shipments');
  const requests = await shipments.requests(3);
  expect(bodiesOf(requests)).toEqual(['first', 'second', 'third']);
  await rig.going('acme-shipments');
});

test('registered items are checked before an upgrade', async () => {
  expect(await follow('subscriptions check --all')).toMatch(/^\d+ checked, 0 refused\.$/m);
});

test('an item is corrected and tested', async () => {
  writeFileSync(join(scratch, 'acme.json'), JSON.stringify(shipments.item));
  expect(await follow('subscriptions put acme.json')).toContain('acme-shipments is unchanged');
});

test('a subscription is paused and resumed by hand', async () => {
  await follow('pause acme-shipments');
  await rig.going('acme-shipments');
});

test('a subscription that waits for its next probe is resumed at once', async () => {
  expect(await follow('npm run webhooks -- resume acme-shipments')).toContain('acme-shipments');
});

test('held messages are listed and sent', async () => {
  await follow('held send acme-payments --all');
  expect(bodiesOf(await payments.requests(2))).toEqual(['a payment', 'a payment']);
});

test('undeliverable messages are sent again when their subscription exists', async () => {
  const returns = await rig.subscribe({ id: 'acme-returns', topic: undefined });
  expect(await follow('redrive undeliverable')).toContain('unknown-subscription');
  expect(bodiesOf(await returns.requests(1))).toEqual(['for whom?']);
});

test("an endpoint's dead letters are listed and redriven", async () => {
  await follow('endpoints test rejected-orders');
  await follow('redrive rejected-orders');
});

test('a stage is looked at by the doctor', async () => {
  expect(await follow('npm run webhooks -- doctor')).toContain('local: nothing was found.');
});

test('what became of messages is read from the log lines', async () => {
  const before = shipments.received().length;
  await shipments.publish('a message', { id: 'order-17-placed' });
  await shipments.requests(before + 1);
  // The last command of the recipe follows until somebody ends it.
  const at = recipes.findIndex((recipe) => recipe.includes('attempts --message'));
  const [recipe = ''] = recipes.splice(at, 1);
  const finite = recipe.split('\n').filter((line) => line !== '' && !line.includes('--follow'));
  expect(finite.length).toBeGreaterThan(1);
  recipes.push(finite.join('\n'));
  expect(await follow('attempts --message')).toMatch(/acme-shipments.*delivered/);
});

test('a month is calculated', async () => {
  expect(await follow('npm run cost')).toMatch(/USD/);
});

test('a load is held against the limits of a stage', async () => {
  expect(await follow('npm run scale')).toMatch(/Breaks first: invocations of deliver/);
});

test('a stage with everything raised is simulated', async () => {
  expect(await follow('--routeMaximumConcurrency')).toMatch(/Simulated, message by message/);
});

test('the page is served until somebody ends it', async () => {
  const at = recipes.findIndex((recipe) => recipe.includes('npm run webhooks -- page'));
  const [recipe = ''] = recipes.splice(at, 1);
  const [, command = ''] = /^npm run webhooks -- (page .*)\n$/.exec(recipe) ?? [];
  const args = command.replace('--stage NAME', '--stage local --port 0').split(' ');
  const child = spawn(process.execPath, ['lib/cli/webhooks.ts', ...args], {
    env: { ...process.env, AWS_ENDPOINT_URL: rig.set.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  child.kill();
  await once(child, 'exit');
  expect(String(said)).toContain('http://127.0.0.1:');
});

test('every command of the page was run, or names an existing script', () => {
  expect(recipes).toEqual([]);
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const line of deploying.trim().split('\n')) {
    const [, script] = /^npm run ([\w:-]+)/.exec(line) ?? [];
    if (script !== undefined) expect(scripts).toHaveProperty([script]);
    else expect(line).toMatch(/^(npm ci|npx serverless (info|remove) --stage NAME( --verbose)?)$/);
  }
});

test('the query asks for fields that the lines have', async () => {
  // Only an attempt without a status has a code.
  const callbackUrl = 'http://127.0.0.1:1/';
  const one = await rig.subscribe({ qos: 'at-least-once', configuration: { callbackUrl } });
  await one.publish('unsent');
  await rig.paused(one.id, 'outage');
  const attempts = rig.set.lines.filter((line) => line.includes('"delivery.attempted"'));
  const logged = Object.assign({}, ...attempts.map((line) => JSON.parse(line.slice(line.indexOf('{')))));
  const [query = ''] = page.blocks('text');
  const [fields = ''] = query.split('\n');
  for (const field of fields.replace('fields @timestamp, ', '').split(', '))
    expect(logged).toHaveProperty(field);
  expect(logged).toHaveProperty('messageId');
});
