import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listen } from '#lib/local/aws/listen.ts';
import { startReceiver } from '#test/support/receiver.ts';

let scratch: string;
let started: ChildProcessByStdio<null, Readable, Readable> | undefined;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'start-'));
});
afterEach(() => {
  started?.kill('SIGKILL');
  rmSync(scratch, { recursive: true });
});

function start(args: string[] = [], ports: Record<string, string> = {}) {
  const env = { ...process.env, PORT: '0', RECEIVER_PORT: '0', ...ports };
  const child = spawn(process.execPath, ['lib/local/start.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  started = child;
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => lines.push(line));
  }
  const said = async (text: string): Promise<string> => {
    await expect.poll(() => lines.join('\n'), { timeout: 30_000 }).toContain(text);
    return lines.find((line) => line.includes(text)) ?? '';
  };
  return {
    child,
    lines,
    said,
    /** Waits for the address that everything answers on. */
    async url(): Promise<string> {
      return /http:\S+\d/.exec(await said(' answer on http'))?.[0] ?? '';
    },
  };
}

function run(args: string[], url: string) {
  const env = { ...process.env, AWS_ENDPOINT_URL: url };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['lib/cli/webhooks.ts', ...args], { env });
  return { status, text: `${stdout}${stderr}` };
}

function put(item: object, url: string) {
  const file = join(scratch, 'item.json');
  writeFileSync(file, JSON.stringify(item));
  return run(['subscriptions', 'put', file], url);
}

const childrenOf = (pid: number | undefined): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('the samples are delivered, one line each; what one puts and publishes is too; Ctrl-C ends everything with 0', async () => {
  const { child, lines, said, url } = start();
  await said('Ctrl-C ends it');
  const delivered = lines.filter((line) => /^\d\d:\d\d:\d\d\.\d{3} {2}sample-/.test(line));
  expect(delivered).toHaveLength(7);
  expect(delivered[0]).toMatch(/^\S+ {2}sample-\S+ +200 {2}webhook-id [0-9a-f-]{36} {2}\{/);
  expect(lines.filter((line) => line.startsWith('['))).toEqual([]);

  const receiver = /http:\S+\d/.exec(await said('Callbacks go to'))?.[0];
  const item = { id: 'mine', topic: 'mine', configuration: { callbackUrl: `${receiver}/mine?status=418` } };
  expect(put(item, await url())).toEqual({
    status: 0,
    text: 'mine is registered in webhooks-local-subscriptions.\n',
  });
  const args = ['publish', '--topic', 'mine', '--id', 'order-7', '{"order": 7}'];
  expect(run(args, await url())).toEqual({ status: 0, text: 'Published with the id order-7.\n' });
  expect(await said('webhook-id order-7')).toMatch(/mine +418 .*\{"order": 7\}$/);

  const processes = childrenOf(child.pid);
  expect(processes.length).toBeGreaterThan(1);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  await expect.poll(() => processes.filter(isRunning), { timeout: 10_000 }).toEqual([]);
});

test('Ctrl-C waits for running invocations, and a second one does not', async () => {
  const receiver = await startReceiver();
  try {
    receiver.answer('/hangs', [], { fault: 'hang' });
    const { child, said, url } = start(['--no-demo']);
    put({ id: 'hangs', configuration: { callbackUrl: `${receiver.url}/hangs` } }, await url());
    run(['publish', '--subscription', 'hangs', 'x'], await url());
    await receiver.requests('/hangs', 1);
    const processes = childrenOf(child.pid);
    child.kill('SIGINT');
    await said('Ctrl-C again');
    const exited = once(child, 'exit');
    // One that comes at once counts as the same Ctrl-C. The code is that of a second one: the process was still waiting.
    const pressAgain = () => {
      child.kill('SIGINT');
      return child.exitCode;
    };
    await expect.poll(pressAgain, { timeout: 30_000, interval: 100 }).not.toBeNull();
    expect(await exited).toEqual([130, null]);
    await expect.poll(() => processes.filter(isRunning), { timeout: 10_000 }).toEqual([]);
  } finally {
    await receiver.close();
  }
});

test('log lines, and the bodies that the demo prints, have no character that controls the terminal', async () => {
  const { lines, said, url } = start(['--verbose']);
  const receiver = /http:\S+\d/.exec(await said('Callbacks go to'))?.[0];
  // The direction override, a C1 control (CSI) and a character without width. SQS takes no control character of ASCII.
  const hostile = 'a\u202e\u009b2J\u200bz';
  put({ id: 'mine', topic: hostile, configuration: { callbackUrl: `${receiver}/mine` } }, await url());
  run(['publish', '--topic', hostile, '--id', 'order-8', `body ${hostile}`], await url());
  // The log line stays JSON of the same value.
  await said('"order-8"');
  const routed = lines.find((line) => line.includes('message.routed') && line.includes('"order-8"')) ?? '';
  expect(JSON.parse(routed.slice(routed.indexOf('{'))).topic).toBe(hostile);
  expect(await said('webhook-id order-8')).toContain('body a');
  expect(lines.filter((line) => /[\u007f-\u009f]|\p{Cf}/u.test(line))).toEqual([]);
});

test('--no-demo registers nothing and takes no port for a receiver', async () => {
  const taken = await listen(createServer(), 0);
  try {
    const { lines, said } = start(['--no-demo'], { RECEIVER_PORT: String(taken.port) });
    await said('Ctrl-C ends it');
    expect(lines.join('\n')).not.toContain('sample-none');
  } finally {
    await taken.close();
  }
});

test.each(['PORT', 'RECEIVER_PORT', 'PAGE_PORT'])(
  'a %s that is taken or invalid is named, and the process exits with 1',
  async (name) => {
    const taken = await listen(createServer(), 0);
    try {
      const { child, lines } = start([], { [name]: String(taken.port) });
      expect(await once(child, 'close')).toEqual([1, null]);
      expect(lines.join('\n')).toContain(`${taken.port} of 127.0.0.1 is in use`);
      expect(lines.join('\n')).toContain(`set ${name} to another`);
    } finally {
      await taken.close();
    }
    const { child, lines } = start([], { [name]: 'eighty' });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(lines.join('\n')).toContain(`${name} is "eighty"`);
  },
);
