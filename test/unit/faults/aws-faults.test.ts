// Which calls of the functions meet a fault.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createAwsFaults } from '#test/faults/aws-faults.ts';
import { keyOf } from '#test/faults/pid.ts';
import type { CallFault } from '#test/faults/plan.ts';

/** Sends to a queue under these faults, each answering whether it was done. */
function sendsUnder(planned: readonly CallFault[]) {
  const faults = createAwsFaults();
  faults.begin(planned);
  const service = faults.intercept({
    async answer(_, res) {
      res.end();
    },
  });
  async function send(queue: string): Promise<boolean> {
    const req = new IncomingMessage(new Socket());
    Object.assign(req.headers, {
      'x-amz-target': 'AmazonSQS.SendMessageBatch',
      authorization: `AWS4-HMAC-SHA256 Credential=${keyOf(process.pid)}/20261129`,
    });
    const body = Buffer.from(JSON.stringify({ QueueUrl: `http://127.0.0.1/webhooks-local-${queue}` }));
    return await service.answer(req, new ServerResponse(req), body).then(
      () => true,
      () => false,
    );
  }
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
