// `webhooks attempts` over a hundred thousand log lines, and where the logs can't be read.
import { createServer } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '#lib/cli/run.ts';
import { type Listening, listen } from '#lib/local/aws/listen.ts';
import { webhooksProgram } from '#test/support/cli-program.ts';
import { type LogServer, startLogServer } from '#test/support/log-server.ts';

const LINES = 100_000;
const AT = Date.parse('2026-11-28T12:00:00Z');
const RANGE = ['--since', '2026-11-28T12:00:00Z', '--until', '2026-11-29T12:00:00Z'];

let server: LogServer;
beforeAll(async () => {
  server = await startLogServer();
  for (let index = 0; index < LINES; index++) {
    const subscription = index % 1_000 === 0 ? 'rare' : 'often';
    const common = { attempt: 1, outcome: 'delivered', status: 200, action: 'done', durationMs: 9 };
    const line = { subscription, messageId: `m${index}`, topic: 't'.repeat(500), ...common };
    server.line('deliver', 'delivery.attempted', line);
    server.advance(800);
  }
});
afterAll(() => server?.close());

/** Runs the command in this process, with a terminal or without. */
async function attempts(args: readonly string[], { isTTY = false, url = server.url } = {}) {
  const output = () => {
    const texts: string[] = [];
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
    stream.on('data', (chunk) => texts.push(String(chunk)));
    return { stream, text: () => texts.join('') };
  };
  const [stdout, stderr] = [output(), output()];
  const env = { AWS_ENDPOINT_URL: url, NO_COLOR: '1' };
  const io = { env, stdin: new PassThrough(), stdout: stdout.stream, stderr: stderr.stream };
  const code = await run(['attempts', ...args], io);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

describe('a hundred thousand lines', () => {
  test('are written one by one, in the memory of a few pages', async () => {
    // The lines have 90 MB, and this process would end with them in its memory.
    const ended = await webhooksProgram(['attempts', '--all', '--json', ...RANGE], {
      endpointUrl: server.url,
      env: { NODE_OPTIONS: '--max-old-space-size=64' },
    });
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
    const lines = ended.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(LINES);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ at: new Date(AT).toISOString(), messageId: 'm0' });
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ messageId: `m${LINES - 1}` });
    // A page has a megabyte.
    expect(server.logs.calls.list().length).toBeGreaterThan(60);
  }, 240_000);

  test('are searched with a bar on the terminal, and lines of others are not sent', async () => {
    server.logs.calls.clear();
    const { stdout, stderr } = await attempts(['rare', '--all', ...RANGE], { isTTY: true });
    const rows = stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(1 + LINES / 1_000);
    // Each line fits on the terminal, also where the topic would not.
    expect(rows.every((row) => row.length <= 100)).toBe(true);
    expect(stderr).toMatch(/Reading the logs \[=* *\] \d+\/100 {2}\d+ pages, \d+ lines that fit/);
    const calls = server.logs.calls.list();
    expect(calls.reduce((sum, { events }) => sum + events, 0)).toBe(LINES / 1_000);
  });

  test('are not all read for the newest', async () => {
    server.logs.calls.clear();
    const until = new Date(AT + LINES * 800).toISOString();
    const range = ['--since', RANGE[1] ?? '', '--until', until];
    const { stdout } = await attempts(['--limit', '20', ...range, '--json']);
    const { attempts: found, more } = JSON.parse(stdout);
    expect(found.map(({ messageId }: { messageId: string }) => messageId)).toEqual(
      Array.from({ length: 20 }, (_, index) => `m${LINES - 20 + index}`),
    );
    expect(more).toBe(true);
    expect(server.logs.calls.list().length).toBeLessThan(3);
  });
});

test('no attempt found is a sentence with the range', async () => {
  const { code, stdout } = await attempts(['nobody', ...RANGE]);
  expect(code).toBe(0);
  expect(stdout).toContain(
    'No attempt of nobody is in the logs between 2026-11-28T12:00:00.000Z and 2026-11-29T12:00:00.000Z.',
  );
  const json = await attempts(['nobody', ...RANGE, '--json']);
  expect(JSON.parse(json.stdout)).toEqual({ attempts: [], more: false, missing: [] });
});

test.each([
  [['--outcome', 'fine'], 'there is no such outcome, only delivered, rejected'],
  [['--status', '99'], 'give a status such as 410, or a class such as 4xx'],
  [['--status', '4xxx'], 'give a status such as 410'],
  [['--since', 'yesterday'], 'Give a time with its zone'],
  [['--since', '2026-11-28T12:00:00'], 'Give a time with its zone'],
  [['--since', '1h', '--until', '2h'], '--until must be after --since'],
  [['--follow', '--until', '1h'], '--follow waits for further attempts'],
  [['--follow', '--all'], 'leave --all out'],
  [['--steps', '--outcome', 'failed'], 'leave one out'],
  [['--limit', '0'], 'It must be 1 to 99999'],
])('%j is refused with what to write', async (args, told) => {
  const { code, stdout, stderr } = await attempts(args);
  expect(stderr).toContain(told);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

describe('logs that can not be read', () => {
  /** An AWS that answers every call with the error that its path names. */
  let refusing: Listening;
  beforeAll(async () => {
    const http = createServer((req, res) => {
      const code = (req.url ?? '').split('/')[1] ?? '';
      req.resume().on('end', () => {
        res.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
        res.end(JSON.stringify({ __type: code, message: `The words of AWS about ${code}.` }));
      });
    });
    refusing = await listen(http, 0);
  });
  afterAll(() => refusing?.close());

  test.each([
    ['AccessDeniedException', 'They need logs:FilterLogEvents for log-group:/aws/lambda/webhooks-local-*'],
    ['ExpiredTokenException', 'The AWS credentials have expired: log in again'],
    ['UnrecognizedClientException', 'AWS does not know these credentials'],
    ['ResourceNotFoundException', 'check --stage, --region and --profile'],
    ['InvalidParameterException', 'AWS refused (stage local, http'],
  ])('%s is told with what to do', async (code, told) => {
    for (const more of [[], ['--all'], ['--follow'], ['--message', 'm']]) {
      const ended = await attempts(['acme', ...more], { url: `${refusing.url}/${code}` });
      expect(ended.stderr).toContain(told);
      expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 1, stdout: '' });
    }
  });

  test('a function without a log group is named, and the others are shown', async () => {
    const partly = await startLogServer({ functions: ['deliver', 'route'] });
    try {
      partly.line('deliver', 'delivery.parked', { subscription: 'a', messageId: 'm', lane: 1 });
      const ended = await attempts(['--message', 'm', ...RANGE], { url: partly.url });
      expect(ended.stdout).toContain('into the backlog, lane 1');
      expect(ended.stderr).toContain('There is no log group /aws/lambda/webhooks-local-bridge, ');
    } finally {
      await partly.close();
    }
  });
});
