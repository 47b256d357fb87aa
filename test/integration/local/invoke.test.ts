import {
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { afterEach, expect, test } from 'vitest';
import { startEndpoint } from '#lib/local/aws/endpoint.ts';
import type { Functions } from '#lib/local/functions.ts';
import { createInvoke } from '#lib/local/invoke.ts';
import { startTestFunctions } from '#test/support/handlers.ts';
import { startSet } from '#test/support/set.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function clientOf(endpoint: string): LambdaClient {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  const client = new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  closing.push(() => client.destroy());
  return client;
}

async function start(sources: Parameters<typeof startTestFunctions>[0]) {
  const functions = startTestFunctions(sources);
  closing.push(() => functions.close());
  const errors: string[] = [];
  const lambda = createInvoke({
    functions: Promise.resolve(functions),
    onError: (text) => errors.push(text),
  });
  const endpoint = await startEndpoint({ port: 0, services: { lambda } });
  closing.push(() => endpoint.close());
  const client = clientOf(endpoint.url);
  return {
    functions,
    errors,
    client,
    url: endpoint.url,
    async invoke(FunctionName: string, more: Partial<InvokeCommandInput> = {}) {
      const { Payload, ...answer } = await client.send(new InvokeCommand({ FunctionName, ...more }));
      const text = Payload?.transformToString();
      return { ...answer, payload: text ? JSON.parse(text) : text };
    },
  };
}

const echo = 'exports.handler = async (event, context) => ({ event, id: context.awsRequestId })';

test("the function's answer comes back as the payload, under its request id", async () => {
  const { invoke } = await start({ echo });
  const answer = await invoke('test-echo', { Payload: '{"a":["ü"]}' });
  expect(answer).toMatchObject({
    StatusCode: 200,
    ExecutedVersion: '$LATEST',
    payload: { event: { a: ['ü'] }, id: answer.$metadata.requestId },
  });
  expect(answer.FunctionError).toBeUndefined();
});

test.each([
  ['no payload', {}, {}],
  ['a payload of null', { Payload: 'null' }, null],
])('%s is an event too', async (_, more, event) => {
  const { invoke } = await start({ echo });
  expect(await invoke('test-echo', more)).toMatchObject({ payload: { event } });
});

test('nothing returned is null', async () => {
  const { invoke } = await start({ silent: 'exports.handler = async () => {}' });
  expect(await invoke('test-silent')).toMatchObject({ StatusCode: 200, payload: null });
});

test.each([
  'arn:aws:lambda:us-east-1:000000000000:function:test-echo',
  '000000000000:function:test-echo',
  'test-echo:$LATEST',
])('a function may be called %s', async (name) => {
  const { invoke } = await start({ echo });
  expect(await invoke(name, { Payload: '1' })).toMatchObject({ payload: { event: 1 } });
});

test.each([
  ['throws', `throw new RangeError('not today')`, { errorType: 'RangeError', errorMessage: 'not today' }],
  ['exits', 'process.exit(3)', { errorType: 'Runtime.ExitError' }],
  [
    'takes too long',
    'await new Promise(() => setInterval(() => {}, 1000))',
    { errorType: 'Sandbox.Timedout' },
  ],
])('a function that %s is an answer with a function error', async (_, statement, payload) => {
  const source = `exports.handler = async () => { ${statement} }`;
  const { invoke } = await start({ fails: { source, timeoutSeconds: 1 } });
  expect(await invoke('test-fails')).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled', payload });
});

test('an Event is accepted at once, and its failure is reported', async () => {
  const { invoke, functions, errors } = await start({
    later: `exports.handler = async (event) => {
      console.log('got ' + event.n);
      await new Promise(() => setInterval(() => {}, 1000));
    }`,
  });
  const accepted = await invoke('test-later', { InvocationType: 'Event', Payload: '{"n":7}' });
  expect(accepted).toMatchObject({ StatusCode: 202, payload: undefined });
  await functions.line('got 7');
  expect(errors).toEqual([]);
  await functions.kill();
  const told = `test-later: event ${accepted.$metadata.requestId}: Runtime.ExitError`;
  await expect.poll(() => errors, { timeout: 10_000 }).toEqual([expect.stringContaining(told)]);
});

test('a DryRun does not run the function', async () => {
  const { invoke, functions } = await start({ loud: `exports.handler = async (mark) => console.log(mark)` });
  expect(await invoke('test-loud', { InvocationType: 'DryRun', Payload: '"dry"' })).toMatchObject({
    StatusCode: 204,
  });
  await invoke('test-loud', { Payload: '"marker"' });
  await functions.line('marker');
  expect(functions.lines).toEqual(['marker']);
});

test.each([
  ['a name of no function', 'echo', {}, 'ResourceNotFoundException', 404],
  ['a version', 'test-echo', { Qualifier: '7' }, 'ResourceNotFoundException', 404],
  ['an alias in the name', 'test-echo:live', {}, 'ResourceNotFoundException', 404],
  ['a payload that is no JSON', 'test-echo', { Payload: '{a}' }, 'InvalidRequestContentException', 400],
  [
    'a payload of more than 6 MiB',
    'test-echo',
    { Payload: `"${'a'.repeat(6_291_455)}"` },
    'RequestTooLargeException',
    413,
  ],
  [
    'an Event of more than 1 MiB',
    'test-echo',
    { InvocationType: 'Event' as const, Payload: `"${'a'.repeat(1_048_575)}"` },
    'RequestTooLargeException',
    413,
  ],
  [
    'a type of invocation that there is not',
    'test-echo',
    { InvocationType: 'Later' as 'Event' },
    'InvalidParameterValueException',
    400,
  ],
])('%s is refused', async (_, name, more, error, httpStatusCode) => {
  const { invoke, functions } = await start({ echo });
  await expect(invoke(name, more)).rejects.toMatchObject({ name: error, $metadata: { httpStatusCode } });
  expect(functions.running()).toEqual([]);
});

test('another operation of Lambda is refused by its path', async () => {
  const { client } = await start({ echo });
  await expect(client.send(new ListFunctionsCommand({}))).rejects.toMatchObject({
    name: 'UnknownOperationException',
    message: expect.stringContaining('GET /2015-03-31/functions'),
  });
});

test('requests wait until the functions are started', async () => {
  const later = Promise.withResolvers<Functions>();
  const asked = Promise.withResolvers<void>();
  const lambda = createInvoke({ functions: later.promise, onError: () => {} });
  const endpoint = await startEndpoint({
    port: 0,
    services: {
      lambda: {
        answer(req, res, body) {
          asked.resolve();
          return lambda.answer(req, res, body);
        },
      },
    },
  });
  closing.push(() => endpoint.close());
  const answer = clientOf(endpoint.url).send(new InvokeCommand({ FunctionName: 'test-echo', Payload: '2' }));
  await asked.promise;
  const functions = startTestFunctions({ echo });
  closing.push(() => functions.close());
  later.resolve(functions);
  expect((await answer).Payload?.transformToString()).toContain('"event":2');
});

test('the local set invokes the packaged functions by their deployed names', async () => {
  const set = await startSet();
  closing.push(() => set.close(0));
  const command = new InvokeCommand({ FunctionName: 'webhooks-local-deliver', Payload: '{"Records":[]}' });
  const { StatusCode, FunctionError, Payload } = await clientOf(set.url).send(command);
  expect({ StatusCode, FunctionError }).toEqual({ StatusCode: 200, FunctionError: undefined });
  expect(JSON.parse(Payload?.transformToString() ?? '')).toEqual({ batchItemFailures: [] });
});
