// How commands end that can't do what was asked: the exit code, and a sentence with what was wrong, where, what to do.
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listening, listen } from '#lib/local/aws/listen.ts';
import { webhooksProgram } from '#test/support/cli-program.ts';

/** An AWS that answers every call with the error, or with what a function says, that stands in its path. */
let refusing: Listening;
let cut = 0;
beforeAll(async () => {
  const server = createServer((req, res) => {
    const code = decodeURIComponent((req.url ?? '').split('/')[1] ?? '');
    req.resume().on('end', () => {
      if (code === 'cuts') {
        cut += 1;
        res.destroy();
        return;
      }
      const [, kind, payload] = /^(answers|throws) (.*)$/.exec(code) ?? [];
      if (kind !== undefined) {
        // What Lambda says of a function that throws.
        res.writeHead(200, kind === 'throws' ? { 'x-amz-function-error': 'Unhandled' } : {});
        res.end(payload);
        return;
      }
      res.writeHead(400, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': code });
      res.end(JSON.stringify({ __type: code, message: `The words of AWS about ${code}.` }));
    });
  });
  refusing = await listen(server, 0);
});
afterAll(() => refusing?.close());

const publishing = ['publish', '--topic', 'a', '{}'];

describe('what AWS answers', () => {
  test.each([
    ['ExpiredTokenException', 'The AWS credentials have expired: log in again'],
    ['UnrecognizedClientException', 'AWS does not know these credentials'],
    ['InvalidClientTokenId', 'AWS does not know these credentials'],
    ['AccessDeniedException', 'may not do this (stage local, http://'],
    ['QueueDoesNotExist', 'npm run deploy -- --stage local creates missing resources'],
    ['RequestThrottled', 'try again'],
    ['SomethingNew', 'AWS refused (stage local, http://'],
  ])('%s is told with what to do', async (code, told) => {
    const {
      code: exitCode,
      stdout,
      stderr,
    } = await webhooksProgram(publishing, {
      endpointUrl: `${refusing.url}/${code}`,
    });
    expect(stderr).toContain(told);
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });

  test.each([
    [
      'throws {"errorType":"Runtime.ExitError","errorMessage":"Runtime exited."}',
      'The function webhooks-local-resume failed (Runtime.ExitError): Runtime exited. Its log, /aws/lambda/webhooks-local-resume, says more. It may have done nothing, a part, or everything: check with status.\n',
    ],
    ['answers {"ok":false,"message":"No."}', 'No.\n'],
    [
      'answers {"ok":true}',
      'The answer of webhooks-local-resume has an unknown format: it is another version than this CLI. Deploy this version (npm run deploy -- --stage local), or use the CLI of the deployed version.\n',
    ],
  ])('a function that %s', async (said, stderr) => {
    const endpointUrl = `${refusing.url}/${encodeURIComponent(said)}`;
    expect(await webhooksProgram(['pause', 'a'], { endpointUrl })).toEqual({ code: 1, stdout: '', stderr });
  });

  test('a request to a function is sent once, even if its answer is lost: a second skip would skip the next message', async () => {
    const { code, stderr } = await webhooksProgram(['skip-head', 'a'], {
      endpointUrl: `${refusing.url}/cuts`,
    });
    expect(stderr).toBe(
      'The connection was lost before webhooks-local-resume answered: the request may have been carried out. Check with status before you repeat it.\n',
    );
    expect({ code, cut }).toEqual({ code: 1, cut: 1 });
  });

  test('a refused connection asks whether npm start is running', async () => {
    const { code, stderr } = await webhooksProgram(publishing, { endpointUrl: 'http://127.0.0.1:1' });
    expect(stderr).toBe(
      'Nothing answers on http://127.0.0.1:1 (ECONNREFUSED): is npm start running? Else check --endpoint-url and AWS_ENDPOINT_URL.\n',
    );
    expect(code).toBe(1);
  });

  test('without AWS credentials the error names the three ways to give them', async () => {
    const { code, stderr } = await webhooksProgram([...publishing, '--region', 'eu-west-1'], {});
    for (const way of ['--profile', 'AWS_ACCESS_KEY_ID', '--stage local']) expect(stderr).toContain(way);
    expect(code).toBe(1);
  });

  test('without a region the error asks for one', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    const { code, stderr } = await webhooksProgram(publishing, { env });
    expect(stderr).toBe('No AWS region is said: give --region, or set AWS_REGION.\n');
    expect(code).toBe(1);
  });
});

test.each([
  ['filter', ['--filter', '-', '--event', 'events/filter-message.json'], '{"body": {"a": 1}}'],
  ['subscription', ['--filter', '-', '--event', 'events/filter-message.json'], '{"configuration": {}}'],
  ['message', ['--filter', 'events/subscription-filter.json', '--event', '-'], '{"detail": {}}'],
])('filter try says of an invalid %s what is wrong, and nothing about putting it', async (_, args, stdin) => {
  const { code, stdout, stderr } = await webhooksProgram(['filter', 'try', ...args], { stdin });
  expect(stderr).toMatch(/^standard input is invalid:\n {2}\S+: /);
  expect(stderr).not.toMatch(/\bput\b/);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});

test('a port of the page that is taken is a sentence, and not a bug', async () => {
  const { code, stdout, stderr } = await webhooksProgram(['page', '--port', String(refusing.port)], {
    endpointUrl: refusing.url,
  });
  expect(stderr).toBe(
    `Port ${refusing.port} of 127.0.0.1 is in use. Stop what listens there, or set --port to another port.\n`,
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});

describe('an invalid command line exits with 2', () => {
  test.each([
    { args: [], told: 'Usage: webhooks' },
    { args: ['jump'], told: "unknown command 'jump'" },
    { args: ['publish'], told: 'Give one payload: as the argument, or with --file' },
    { args: ['publish', '--topick', 'a', 'b'], told: 'Did you mean --topic?' },
    { args: ['subscriptions', 'put'], told: "missing required argument 'file'" },
    { args: [...publishing, '--stage', 'a b'], told: 'The stage is "a b"; it must be' },
    { args: [...publishing, '--endpoint-url', 'here'], told: 'The endpoint is "here"; it must be a URL' },
  ])('$args', async ({ args, told }) => {
    const { code, stdout, stderr } = await webhooksProgram(args, { endpointUrl: 'http://127.0.0.1:1' });
    expect(stderr).toContain(told);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

test('--help lists the commands, common options and exit codes, and exits with 0', async () => {
  const { code, stdout, stderr } = await webhooksProgram(['--help'], {});
  for (const word of ['subscriptions', 'publish', 'resume', '--stage', '--json', 'Exit codes'])
    expect(stdout).toContain(word);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect((await webhooksProgram(['publish', '--help'], {})).stdout).toContain('--endpoint-url');
});
