// The receivers of RECEIVERS.md are run as they stand there, each against real requests of deliver, real signatures and
// forged ones. A language that this machine has not is skipped.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readPage } from '#test/support/page.ts';
import type { ReceivedRequest } from '#test/support/receiver.ts';
import { QUEUES, type Rig, startRig } from '#test/support/rig.ts';

const page = readPage('RECEIVERS.md');
const scratch = mkdtempSync(join(tmpdir(), 'receivers-'));
const running: ChildProcess[] = [];

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGKILL');
    await new Promise((resolve) => (child.exitCode === null ? child.once('close', resolve) : resolve(null)));
  }
});
afterAll(async () => {
  await rig?.close();
  rmSync(scratch, { recursive: true, force: true });
});

function has(program: string, ...version: string[]): boolean {
  try {
    execFileSync(program, version, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Writes a block of the page into a file of its name. */
function fileOf(name: string): string {
  const file = join(scratch, name);
  writeFileSync(file, page.block(name));
  return file;
}

/** What `go run` would run; its first build takes a while, since it makes the standard library too. */
function built(file: string): string {
  const program = file.replace(/\.go$/, '');
  execFileSync('go', ['build', '-o', program, file], {
    cwd: scratch,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return program;
}

/** The keys that the page's own commands make. */
function newKeys() {
  const commands = page.blocks('sh').find((block) => block.includes('genpkey')) ?? '';
  const printed = execFileSync('sh', ['-euc', commands], {
    cwd: scratch,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [secret = '', privateKey = '', publicKey = ''] = printed.toString().trim().split('\n');
  return { secret, privateKey, publicKey };
}

type Started = { readonly url: string; printed(text: string): Promise<void>; readonly output: () => string };

/** Runs a receiver and waits until it listens. */
async function start(command: readonly string[], keys: readonly string[]): Promise<Started> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: scratch,
    // In a locale without UTF-8 Java would print what is not ASCII as question marks.
    env: { ...process.env, LC_ALL: 'C.UTF-8', PORT: '0', WEBHOOK_KEYS: keys.join(' ') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  async function printed(text: string | RegExp): Promise<void> {
    await rig.until(
      () => {
        if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended: ${output}`);
        return (typeof text === 'string' ? output.includes(text) : text.test(output)) || undefined;
      },
      `${command.join(' ')} prints ${text}; it printed ${output}`,
      50_000,
    );
  }
  await printed(/listening on \d+/);
  const url = `http://127.0.0.1:${/listening on (\d+)/.exec(output)?.[1]}/`;
  return { url, printed, output: () => output };
}

const LANGUAGES = [
  { name: 'receiver.mjs', here: true, run: (file: string) => [process.execPath, file], asymmetric: true },
  { name: 'receiver.py', here: has('python3', '--version'), run: (file: string) => ['python3', file] },
  { name: 'Receiver.java', here: has('java', '-version'), run: (file: string) => ['java', file] },
  { name: 'receiver.go', here: has('go', 'version'), run: (file: string) => [built(file)], asymmetric: true },
] as const;

const BODY = '{"text": "Grüße, 世界", "big": 12345678901234567890}';
const UNKNOWN_KEY = `whsec_${Buffer.alloc(32).toString('base64')}`;

describe.each(LANGUAGES)('$name', ({ name, here, run, ...more }) => {
  beforeAll(() => void (here && run(fileOf(name))), 300_000);

  test.skipIf(!here)('accepts signed requests, with the old key and with the new one', async () => {
    const [old, young] = [newKeys(), newKeys()];
    const receiver = await start(run(fileOf(name)), [UNKNOWN_KEY, young.secret]);
    await disturb(receiver.url);
    const signing = { keys: [old.secret, young.secret] };
    const one = await rig.subscribe({ configuration: { callbackUrl: receiver.url, signing } });
    const id = crypto.randomUUID();
    await one.publish(BODY, { id });
    await receiver.printed(`got ${id} ${BODY}`);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  });

  if ('asymmetric' in more)
    test.skipIf(!here)('takes an ed25519 signature by the public key', async () => {
      const { privateKey, publicKey } = newKeys();
      const receiver = await start(run(fileOf(name)), [publicKey]);
      const signing = { keys: [privateKey] };
      const one = await rig.subscribe({ configuration: { callbackUrl: receiver.url, signing } });
      const id = crypto.randomUUID();
      await one.publish(BODY, { id });
      await receiver.printed(`got ${id} ${BODY}`);
    });

  test.skipIf(!here)('answers 401 to requests that are unsigned, changed or old', async () => {
    const { secret, publicKey } = newKeys();
    const receiver = await start(run(fileOf(name)), 'asymmetric' in more ? [secret, publicKey] : [secret]);
    const genuine = await rig.subscribe({ configuration: { signing: { keys: [secret] } } });
    await genuine.publish(BODY);
    const [request] = await genuine.requests(1);
    if (request === undefined) throw new Error('no request');

    expect(await replayed(request, receiver.url)).toBe(204);
    expect(await replayed({ ...request, body: Buffer.from(`${BODY} `) }, receiver.url)).toBe(401);
    for (const [header, value] of [
      ['webhook-id', 'another'],
      ['webhook-timestamp', String(Math.floor(Date.now() / 1000) - 301)],
      ['webhook-timestamp', 'soon'],
      ['webhook-signature', 'v1,'],
      ['webhook-signature', `v1a,${Buffer.alloc(64).toString('base64')}`],
      ['webhook-signature', ''],
    ] as const) {
      const changed = { ...request, headers: { ...request.headers, [header]: value } };
      expect(await replayed(changed, receiver.url), `${header}: ${value}`).toBe(401);
    }
    const { 'webhook-signature': _, ...unsigned } = request.headers;
    expect(await replayed({ ...request, headers: unsigned }, receiver.url)).toBe(401);
  });
});

/** Sends what a stranger may send: a body that breaks off, one that is no batch, and one without a content type. */
async function disturb(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.end('POST / HTTP/1.1\r\nhost: receiver\r\ncontent-length: 10\r\n\r\nhalf');
  await once(socket.resume(), 'close');
  for (const [body, headers] of [
    ['[{', { 'content-type': 'application/cloudevents-batch+json' }],
    ['7', { 'content-type': 'application/cloudevents-batch+json' }],
    [new Uint8Array(), {}],
  ] as const) {
    const answered = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
    await answered?.arrayBuffer();
  }
}

/** Sends a request that came once more, and answers with the status. */
async function replayed(
  { headers, body }: Pick<ReceivedRequest, 'headers' | 'body'>,
  url: string,
): Promise<number> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith('webhook-'));
  const response = await fetch(url, {
    method: 'POST',
    headers: Object.fromEntries(own.map(([name, value]) => [name, String(value)])),
    body: new Uint8Array(body),
  });
  await response.arrayBuffer();
  return response.status;
}

test.skipIf(!has('python3', '--version'))(
  'receiver.py does the work once for an id that comes twice',
  async () => {
    const { secret } = newKeys();
    const receiver = await start(['python3', fileOf('receiver.py')], [secret]);
    const one = await rig.subscribe({ configuration: { signing: { keys: [secret] } } });
    const id = crypto.randomUUID();
    await one.publish(BODY, { id });
    const [request] = await one.requests(1);
    if (request === undefined) throw new Error('no request');
    expect([await replayed(request, receiver.url), await replayed(request, receiver.url)]).toEqual([
      204, 204,
    ]);
    await receiver.printed(`had ${id} `);
    expect(receiver.output().match(new RegExp(`got ${id} `, 'g'))).toHaveLength(1);
  },
);

test.skipIf(!has('openssl', 'version'))(
  'verify.sh says whether a request is signed with the key',
  async () => {
    const { secret } = newKeys();
    const one = await rig.subscribe({ configuration: { signing: { keys: [newKeys().secret, secret] } } });
    await one.publish(BODY);
    const [request] = await one.requests(1);
    if (request === undefined) throw new Error('no request');
    const { headers, body } = request;
    writeFileSync(join(scratch, 'body'), body);
    const args = ['id', 'timestamp', 'signature'].map((name) => String(headers[`webhook-${name}`]));
    const verify = (key: string) =>
      execFileSync('sh', [fileOf('verify.sh'), ...args, join(scratch, 'body')], {
        env: { ...process.env, WEBHOOK_KEY: key },
      }).toString();
    expect(verify(secret)).toBe('the signature fits\n');
    expect(() => verify(UNKNOWN_KEY)).toThrow('Command failed');
  },
);

const BATCH_LANGUAGES = [
  { name: 'batch.mjs', here: true, run: (file: string) => [process.execPath, file] },
  { name: 'batch.py', here: has('python3', '--version'), run: (file: string) => ['python3', file] },
  { name: 'Batch.java', here: has('java', '-version'), run: (file: string) => ['java', file] },
  { name: 'batch.go', here: has('go', 'version'), run: (file: string) => [built(file)] },
] as const;

describe.each(BATCH_LANGUAGES)('$name', ({ name, here, run }) => {
  beforeAll(() => void (here && run(fileOf(name))), 300_000);

  test.skipIf(!here)(
    'takes the messages of a batch in their order, each once, whatever their bodies are',
    async () => {
      const receiver = await start(run(fileOf(name)), []);
      await disturb(receiver.url);
      const batch = { format: 'cloudevents-batch' };
      const one = await rig.subscribe({
        qos: 'at-least-once',
        configuration: { callbackUrl: receiver.url, batch },
      });
      const event =
        '{ "specversion": "1.0", "id": "e-1", "source": "/shop", "type": "shop.sold", "data": {"n":[1,"]"]} }';
      await rig.whilePaused(QUEUES.deliveries, async () => {
        await rig.deliver('{"text":"Grüße, \\"世界\\"","big":[12]}', {
          subscription: one.id,
          messageId: 'm-1',
          topic: 'orders',
        });
        await rig.deliver('a "text": [1, 2]', {
          subscription: one.id,
          messageId: 'm-2',
          contentType: 'text/plain',
        });
        await rig.deliver('AAEC', {
          subscription: one.id,
          messageId: 'm-3',
          topic: 'Größe',
          encoding: 'base64',
          contentType: 'image/png',
        });
        await rig.deliver(event, {
          subscription: one.id,
          messageId: 'm-4',
          contentType: 'application/cloudevents+json',
        });
      });
      await receiver.printed('got e-1');
      const printed = receiver
        .output()
        .split('\n')
        .filter((line) => line.startsWith('got'));
      expect(printed).toEqual([
        'got m-1 orders {"text":"Grüße, \\"世界\\"","big":[12]}',
        'got m-2 sqs-webhooks.message "a \\"text\\": [1, 2]"',
        'got m-3 Größe 3',
        'got e-1 shop.sold {"n":[1,"]"]}',
      ]);
      expect(await rig.pauseOf(one.id)).toBeUndefined();
    },
  );
});

test('the tables of a batch are what a batch has', async () => {
  const rows = page.table('format | `content-type`');
  for (const [format = '', contentType, body = ''] of rows) {
    const one = await rig.subscribe({ qos: 'at-least-once', configuration: { batch: { format } } });
    await rig.whilePaused(QUEUES.deliveries, async () => {
      for (const messageId of ['m-1', 'm-2'])
        await rig.deliver('{"a": 1.0}', { subscription: one.id, messageId });
    });
    const [request] = await one.requests(1);
    expect(request?.headers['content-type']).toBe(contentType);
    expect(request?.headers['webhook-batch']).toBe('2');
    const [text = ''] = body.split(':');
    const expected = text.replaceAll('<body>', '{"a": 1.0}').replaceAll('\\n', '\n');
    if (format !== 'cloudevents-batch') expect(request?.body.toString()).toBe(expected);
    else {
      const [event] = JSON.parse(request?.body.toString() ?? '');
      const named = page.table('attribute').flatMap(([names = '']) => names.split(', '));
      expect(named).toEqual(
        expect.arrayContaining(Object.keys(event).filter((name) => name !== 'specversion')),
      );
    }
  }
});

test('the table of headers lists exactly the headers of a request', async () => {
  const { secret } = newKeys();
  const token = { type: 'token', token: { value: 'abc' } };
  const one = await rig.subscribe({ configuration: { signing: { keys: [secret] }, auth: token } });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await one.publish(BODY, { attributes: { traceparent, tracestate: 'a=b' } });
  const [request] = await one.requests(1);
  const listed = page.table('header').flatMap(([names = '']) => names.split(', '));
  expect(Object.keys(request?.headers ?? {}).sort()).toEqual(listed.sort());
});

test('every block of RECEIVERS.md is run by these tests', () => {
  const named = [...LANGUAGES, ...BATCH_LANGUAGES].map(({ name }): string => name).concat('verify.sh');
  const all = page.text.match(/^```\w+.*$/gm) ?? [];
  // Two have no name: what is signed, and how keys are made.
  expect(all.filter((line) => !named.some((name) => line.endsWith(` ${name}`)))).toEqual([
    '```text',
    '```sh',
  ]);
});
