// Which calls of the functions meet a fault.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createAwsFaults } from '#test/faults/aws-faults.ts';
import { keyOf } from '#test/faults/pid.ts';
import type { CallFault } from '#test/faults/plan.ts';

type Call = { readonly target: string; readonly body: object; readonly pid?: number };

/** Makes calls under these faults, each answering whether it was done. `answer`: what the service says. */
function callsUnder(planned: readonly CallFault[], { status = 200, answer = {} } = {}) {
  const faults = createAwsFaults();
  faults.begin(planned);
  const service = faults.intercept({
    async answer(_, res) {
      res.statusCode = status;
      res.end(JSON.stringify(answer));
    },
  });
  async function call({ target, body, pid = process.pid }: Call): Promise<boolean> {
    const req = new IncomingMessage(new Socket());
    Object.assign(req.headers, {
      'x-amz-target': target,
      authorization: `AWS4-HMAC-SHA256 Credential=${keyOf(pid)}/20261129`,
    });
    return await service.answer(req, new ServerResponse(req), Buffer.from(JSON.stringify(body))).then(
      () => true,
      () => false,
    );
  }
  return { faults, call };
}

/** Sends to a queue under these faults, each answering whether it was done. */
function sendsUnder(planned: readonly CallFault[]) {
  const { faults, call } = callsUnder(planned);
  const send = (queue: string) =>
    call({
      target: 'AmazonSQS.SendMessageBatch',
      body: { QueueUrl: `http://127.0.0.1/webhooks-local-${queue}` },
    });
  return { faults, send };
}

const second: CallFault = {
  kind: 'error',
  operation: 'SendMessageBatch',
  from: 2,
  times: 1,
  pollers: false,
};

test('a fault of an operation counts the calls for all queues', async () => {
  const { send } = sendsUnder([second]);
  expect([await send('retries'), await send('dead-letters'), await send('dead-letters')]).toEqual([
    true,
    false,
    true,
  ]);
});

test('the calls for one queue alone are counted for its fault, and meet it', async () => {
  const { send } = sendsUnder([{ ...second, queue: 'dead-letters' }]);
  const done = [];
  for (const queue of ['retries', 'dead-letters', 'retries', 'dead-letters', 'dead-letters'])
    done.push(await send(queue));
  expect(done).toEqual([true, true, true, false, true]);
});

test('the next call has a fault that is asked for later', async () => {
  const { faults, send } = sendsUnder([]);
  const before = await send('retries');
  faults.next('error', 'SendMessageBatch');
  expect([before, await send('retries'), await send('retries')]).toEqual([true, false, true]);
  expect(faults.met()).toEqual(['error SendMessageBatch']);
});

/** The faults that a call met. */
async function metBy(fault: CallFault, call: Call, answered: Parameters<typeof callsUnder>[1] = {}) {
  const under = callsUnder([fault], answered);
  await under.call(call);
  return under.faults.met();
}

test('a short page is met when a further one is left', async () => {
  const fault = { ...second, kind: 'partly', operation: 'Query', from: 1 } as const;
  const query = { target: 'DynamoDB_20120810.Query', body: {} };
  expect(await metBy(fault, query, { answer: { Items: [] } })).toEqual([]);
  expect(await metBy(fault, query, { answer: { Items: [{}], LastEvaluatedKey: {} } })).toEqual([
    'partly Query',
  ]);
});

test('a call that is done by half is not met when the service refuses it', async () => {
  const fault = { ...second, kind: 'partly', from: 1 } as const;
  const send = {
    target: 'AmazonSQS.SendMessageBatch',
    body: { QueueUrl: 'http://127.0.0.1/q', Entries: [{ Id: 'a' }, { Id: 'b' }] },
  };
  expect(await metBy(fault, send, { answer: { Successful: [] } })).toEqual(['partly SendMessageBatch']);
  expect(await metBy(fault, send, { status: 400 })).toEqual([]);
});

test('a kill is met when the process of its call was there', async () => {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  const fault = { ...second, kind: 'kill-before', operation: 'PutItem', from: 1 } as const;
  const put = { target: 'DynamoDB_20120810.PutItem', body: {}, pid: child.pid ?? 0 };
  const met = await metBy(fault, put);
  await once(child, 'exit');
  expect(met).toEqual(['kill-before PutItem']);
  expect(await metBy(fault, put)).toEqual([]);
});
