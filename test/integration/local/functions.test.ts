import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { canFreeze } from '#lib/local/watchdog.ts';
import { startTestFunctions, type TestFunctions } from '#test/support/handlers.ts';

let functions: TestFunctions | undefined;
afterEach(async () => {
  await functions?.close();
  functions = undefined;
});

const start = (...args: Parameters<typeof startTestFunctions>): TestFunctions => {
  functions = startTestFunctions(...args);
  return functions;
};

test("a handler's answer is returned, undefined as null", async () => {
  const { invoke } = start({
    echo: 'exports.handler = async (event) => ({ got: event })',
    silent: 'exports.handler = async () => {}',
  });
  expect(await invoke('echo', { a: [1, 'ü'] })).toEqual({ got: { a: [1, 'ü'] } });
  expect(await invoke('test-silent', {})).toBeNull();
});

test("the context is Lambda's", async () => {
  const { invoke } = start({
    context: {
      source: `exports.handler = async (event, context) =>
        ({ ...context, remaining: context.getRemainingTimeInMillis() })`,
      timeoutSeconds: 7,
      memoryMb: 256,
    },
  });
  const context = await invoke('context', {});
  expect(context).toMatchObject({
    awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    functionName: 'test-context',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:test-context',
    memoryLimitInMB: '256',
    logGroupName: '/aws/lambda/test-context',
    logStreamName: expect.stringContaining('[$LATEST]'),
  });
  const remaining = Number((context as { remaining: number }).remaining);
  expect(remaining).toBeGreaterThan(0);
  expect(remaining).toBeLessThanOrEqual(7000);
});

test('the environment has the variables of Lambda and the template, and none of the parent process', async () => {
  process.env.OF_THE_PARENT = 'yes';
  const { invoke } = start(
    {
      env: {
        source: 'exports.handler = async () => process.env',
        environment: { STAGE: 'local', OURS: 'a' },
      },
    },
    { environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', OURS: 'b' } },
  );
  const env = await invoke('env', {});
  expect(env).toMatchObject({
    STAGE: 'local',
    OURS: 'b',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_LAMBDA_FUNCTION_NAME: 'test-env',
    _HANDLER: 'env/index.handler',
    AWS_ACCESS_KEY_ID: 'test',
    PATH: process.env.PATH,
  });
  expect(env).not.toHaveProperty('OF_THE_PARENT');
  expect(env).not.toHaveProperty('VITEST');
});

test('one environment runs one invocation after another and keeps its module state', async () => {
  const { invoke } = start({ count: 'let n = 0; exports.handler = async () => [process.pid, ++n]' });
  const first = await invoke('count', {});
  expect(await invoke('count', {})).toEqual([(first as number[])[0], 2]);
});

test('simultaneous invocations run in environments of their own, up to the cap; the rest wait', async () => {
  const { invoke } = start(
    {
      slow: `let busy = 0, most = 0;
        exports.handler = async () => {
          most = Math.max(most, ++busy);
          await new Promise((done) => setTimeout(done, 100));
          busy--;
          return [process.pid, most];
        }`,
    },
    { maxEnvironments: 2 },
  );
  const answers = (await Promise.all([1, 2, 3, 4, 5].map(() => invoke('slow', {})))) as [number, number][];
  expect(new Set(answers.map(([pid]) => pid)).size).toBe(2);
  expect(answers.map(([, most]) => most)).toEqual([1, 1, 1, 1, 1]);
});

test('the environment that was used last is used again', async () => {
  const { invoke } = start({
    pid: `exports.handler = async (ms) => { await new Promise((done) => setTimeout(done, ms)); return process.pid }`,
  });
  const [, last] = await Promise.all([invoke('pid', 0), invoke('pid', 500)]);
  expect(await invoke('pid', 0)).toBe(last);
});

test.runIf(canFreeze)(
  'a timer that the handler leaves behind does not fire between invocations',
  async () => {
    const { invoke } = start({
      freeze: `let firedAt;
      exports.handler = async (first) => {
        if (first) setTimeout(() => { firedAt = Date.now() }, 50);
        else while (!firedAt) await new Promise((done) => setTimeout(done, 10));
        return firedAt ?? 0;
      }`,
      longer: 'exports.handler = async () => { await new Promise((done) => setTimeout(done, 100)) }',
    });
    expect(await invoke('freeze', true)).toBe(0);
    // A longer timer of another process fires meanwhile: the frozen one would have fired before it.
    await invoke('longer', {});
    const thawedAt = Date.now();
    expect(await invoke('freeze', false)).toBeGreaterThanOrEqual(thawedAt);
  },
);

test('a handler that takes longer than its timeout is killed, and the next invocation gets a new process', async () => {
  const { run, invoke } = start({
    hang: {
      source:
        'exports.handler = async (hang) => hang ? new Promise(() => setInterval(() => {}, 1000)) : process.pid',
      timeoutSeconds: 1,
    },
  });
  const pid = await invoke('hang', false);
  expect(await run('hang', true)).toEqual({
    ok: false,
    errorType: 'Sandbox.Timedout',
    errorMessage: 'Task timed out after 1.00 seconds',
  });
  expect(await invoke('hang', false)).not.toBe(pid);
});

test('a handler that blocks its event loop is killed at its timeout too', async () => {
  const { run } = start({
    block: { source: 'exports.handler = async () => { for (;;); }', timeoutSeconds: 1 },
  });
  expect(await run('block', {})).toMatchObject({ ok: false, errorType: 'Sandbox.Timedout' });
});

test('a handler that throws fails its invocation; its environment lives on', async () => {
  const { run, invoke, line } = start({
    moody: `exports.handler = async (fail) => { if (fail) throw new RangeError('not today'); return process.pid }`,
  });
  const pid = await invoke('moody', false);
  expect(await run('moody', true)).toEqual({ ok: false, errorType: 'RangeError', errorMessage: 'not today' });
  await line('not today');
  expect(await invoke('moody', false)).toBe(pid);
  await expect(invoke('moody', true)).rejects.toThrow('moody failed: RangeError: not today');
});

test.each([
  ['exits', 'process.exit(3)', 'exit status 3'],
  ['throws outside of its promise', `setTimeout(() => { throw new Error('late') }, 1)`, 'exit status 1'],
  ['leaves a rejection unhandled', `Promise.reject(new Error('lost'))`, 'exit status 1'],
])('a handler that %s fails its invocation and ends its environment', async (_, statement, how) => {
  const { run } = start({
    gone: `exports.handler = async (end) => { if (end) { ${statement}; return new Promise(() => setInterval(() => {}, 1000)) } return process.pid }`,
  });
  const first = await run('gone', false);
  expect(await run('gone', true)).toEqual({
    ok: false,
    errorType: 'Runtime.ExitError',
    errorMessage: `Runtime exited with error: ${how}`,
  });
  const next = await run('gone', false);
  expect(next).toMatchObject({ ok: true });
  expect(next).not.toEqual(first);
});

test.each([
  ['throws while it is loaded', `throw new Error('bad bundle')`],
  ['exports no handler', 'exports.other = 1'],
])('a bundle that %s fails its invocations', async (_, source) => {
  const { run, line } = start({ broken: source });
  expect(await run('broken', {})).toMatchObject({ ok: false, errorType: 'Runtime.ExitError' });
  await line(source.includes('bad') ? 'bad bundle' : 'exports no function handler');
});

test('killing a function fails the invocation under way and ends idle environments', async () => {
  const { run, invoke, kill, line } = start({
    work: `exports.handler = async (hang) => {
      if (hang) { console.log('at work'); await new Promise(() => setInterval(() => {}, 1000)) }
      return process.pid;
    }`,
  });
  const pid = await invoke('work', false);
  expect(await kill('work')).toBe(0);
  expect(await invoke('work', false)).not.toBe(pid);
  const underWay = run('work', true);
  await line('at work');
  expect(await kill()).toBe(1);
  expect(await underWay).toEqual({
    ok: false,
    errorType: 'Runtime.ExitError',
    errorMessage: 'Runtime exited with error: signal: killed',
  });
});

test('an environment without work ends after its idle time', async () => {
  const { invoke } = start({ pid: 'exports.handler = async () => process.pid' }, { idleMs: 50 });
  const pid = Number(await invoke('pid', {}));
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  expect(await invoke('pid', {})).not.toBe(pid);
});

test('idle() resolves when nothing runs any more, and every invocation is reported', async () => {
  const { invoke, idle, running, onInvocation } = start({
    slow: 'exports.handler = async () => { await new Promise((done) => setTimeout(done, 200)) }',
  });
  const reports: unknown[] = [];
  onInvocation((report) => reports.push(report));
  const answer = invoke('slow', { Records: [{}, {}] });
  await expect.poll(running).toMatchObject([{ function: 'test-slow', records: 2 }]);
  await idle();
  expect(running()).toEqual([]);
  expect(reports).toMatchObject([{ function: 'test-slow', records: 2, result: { ok: true, payload: null } }]);
  await answer;
});

test('close ends every environment, frozen or at work', async () => {
  const { run, line, close } = start({
    pid: `exports.handler = async (hang) => {
      console.log((hang ? 'works ' : 'rests ') + process.pid);
      if (hang) await new Promise(() => setInterval(() => {}, 1000));
    }`,
  });
  functions = undefined;
  const underWay = run('pid', true);
  await line('works');
  await run('pid', false);
  const pids = [await line('works'), await line('rests')].map((text) => Number(text.split(' ')[1]));
  await close();
  expect(pids.map(isRunning)).toEqual([false, false]);
  expect(await underWay).toMatchObject({ ok: false });
});

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'no environment outlives a parent that gets %s, not even a frozen one',
  async (signal) => {
    const temporary = mkdtempSync(join(tmpdir(), 'parent-'));
    const parent = spawn(process.execPath, ['test/support/parent-of-functions.ts'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: temporary },
    });
    const pids: number[] = [];
    for await (const line of createInterface({ input: parent.stdout })) {
      pids.push(...line.split(' ').map(Number));
      break;
    }
    try {
      expect(pids).toHaveLength(2);
      expect(pids.every(isRunning)).toBe(true);
    } finally {
      parent.kill(signal);
    }
    await once(parent, 'exit');
    await expect.poll(() => pids.filter(isRunning), { timeout: 10_000 }).toEqual([]);
    rmSync(temporary, { recursive: true });
  },
);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
