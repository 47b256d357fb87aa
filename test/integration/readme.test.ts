// Runs every command and every JSON of the README, against `npm start` as the README describes it.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseSubscription } from '#lib/subscription/schema.ts';
import { devSecrets } from '#test/support/secret-rules.ts';

const root = process.cwd();
const readme = readFileSync('README.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, text]) => String(text));

let started: ChildProcess;
let output = '';
let ports: Record<string, string>;
const scratch = mkdtempSync(join(tmpdir(), 'readme-'));

beforeAll(async () => {
  // What `npm start` runs, without npm between: a signal has to reach the process itself.
  const [, ...start] = String(scripts.start).split(' ');
  started = spawn(process.execPath, start, {
    cwd: root,
    env: { ...process.env, PORT: '0', RECEIVER_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  await seen(/Ctrl-C ends it/);
  const port = (text: RegExp) => String(text.exec(output)?.[1]);
  ports = {
    '127.0.0.1:4566': `127.0.0.1:${port(/answer on http:\/\/127\.0\.0\.1:(\d+)/)}`,
    '127.0.0.1:8080': `127.0.0.1:${port(/Callbacks go to http:\/\/127\.0\.0\.1:(\d+)/)}`,
  };
  // Where the AWS CLI is not installed a stand-in answers to its name.
  writeFileSync(
    join(scratch, 'aws'),
    `#!/bin/sh\nexec "${process.execPath}" "${root}/test/support/aws.ts" "$@"\n`,
  );
  chmodSync(join(scratch, 'aws'), 0o755);
});

afterAll(async () => {
  if (started.exitCode === null) {
    started.kill('SIGINT');
    await new Promise((resolve) => started.once('exit', resolve));
  }
  rmSync(scratch, { recursive: true, force: true });
});

/** Waits until `npm start` has printed something. */
async function seen(text: RegExp): Promise<void> {
  while (!text.test(output)) {
    if (started.exitCode !== null) throw new Error(`npm start ended: ${output}`);
    await new Promise((resolve) => started.stdout?.once('data', resolve));
  }
}

const here = (text: string): string =>
  Object.entries(ports).reduce((result, [shown, real]) => result.replaceAll(shown, real), text);

async function sh(script: string): Promise<string> {
  const endpoint = here('http://127.0.0.1:4566');
  const { stdout } = await promisify(execFile)('sh', ['-euc', script], {
    cwd: root,
    env: { ...process.env, PATH: `${process.env.PATH}:${scratch}`, AWS_ENDPOINT_URL: endpoint },
  });
  return stdout;
}

test('the sample subscriptions get the sample messages', () => {
  for (const qos of ['none', 'auto', 'at-most-once', 'at-least-once'])
    expect(output).toMatch(`sample-${qos} `);
});

test("the README's own subscription is registered and its message is delivered, by npm scripts", async () => {
  const item = blocks('json')[0] ?? '';
  expect(
    parseSubscription(JSON.parse(item), {
      largestReadTimeoutMs: 30_000,
      allowTrustAll: false,
      checkUrl: () => undefined,
      ...devSecrets,
    }).ok,
  ).toBe(true);
  const file = join(scratch, 'acme.json');
  writeFileSync(file, here(item));
  const commands = blocks('sh').find((block) => block.includes('subscriptions put')) ?? '';
  await sh(here(commands).replaceAll('acme.json', file));
  await seen(/acme-shipments .*\{"shipment": 1\}/);
});

test('the AWS CLI commands register and publish', async () => {
  const commands = blocks('sh').find((block) => block.includes('aws dynamodb')) ?? '';
  await sh(here(commands));
  await seen(/acme-invoices .*\{"invoice": 1\}/);
});

test('the commands of the README pause and resume a subscription, and print its status', async () => {
  const commands = (blocks('sh').find((block) => block.includes('webhooks -- status')) ?? '')
    .trim()
    .split('\n');
  const phases: string[] = [];
  for (const command of commands) {
    await sh(command);
    const told = await sh(`"${process.execPath}" lib/cli/webhooks.ts status acme-shipments --json`);
    phases.push(JSON.parse(told).phase);
  }
  const pausedAt = commands.findIndex((command) => command.includes('-- pause '));
  const resumedAt = commands.findIndex((command) => command.includes('-- resume '));
  expect(pausedAt).toBeGreaterThan(-1);
  expect(resumedAt).toBeGreaterThan(pausedAt);
  expect(phases).toEqual(commands.map((_, at) => (at >= pausedAt && at < resumedAt ? 'stopped' : 'going')));
});

test('a rejected message becomes a dead letter, is listed, redriven and delivered, as the README says', async () => {
  const commands = blocks('sh').find((block) => block.includes('dead-letters list sample-dlq')) ?? '';
  const [, register = '', publish = '', list = '', mend = '', redrive = '', ...more] = here(commands)
    .trimEnd()
    .split('\n');
  expect(more).toEqual([]);
  await sh(register);
  await sh(publish);
  await seen(/acme-returns +400 .*\{"return": 1\}/);
  // It is on its way to the endpoint's queue.
  while (!/acme-returns .*rejected +400/.test(await sh(list)));
  await sh(mend);
  await sh(redrive);
  await seen(/acme-returns +200 .*\{"return": 1\}/);
});

test('Ctrl-C ends it cleanly', async () => {
  const ended = new Promise((resolve) => started.once('exit', resolve));
  started.kill('SIGINT');
  expect(await ended).toBe(0);
});
