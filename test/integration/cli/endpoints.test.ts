// `webhooks endpoints …` on the local set.
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { webhooks } from '#test/support/cli.ts';
import type { Ended } from '#test/support/cli-program.ts';
import { type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ schedules: false });
});
afterAll(() => rig?.close());

const run = (args: readonly string[], stdin = ''): Promise<Ended> =>
  webhooks(['endpoints', ...args], { endpointUrl: rig.set.url, stdin });
const put = (item: object, ...more: string[]) => run(['put', '-', ...more], JSON.stringify(item));
const sqs = (name: string, configuration: object) => ({ name, type: 'sqs', configuration });
const KAFKA = {
  name: 'letters-kafka',
  type: 'kafka',
  configuration: { bootstrapServers: 'b-1:9092,b-2:9092', topic: 'rejected' },
};

async function createQueue(name: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await rig.set.clients.sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes }),
  );
  return QueueUrl ?? '';
}

test('put checks and registers; list, get and remove work afterwards', async () => {
  const queueArn = 'arn:aws:sqs:us-east-1:000000000000:anybody';
  expect((await put(sqs('letters', { queueArn }), '--dry-run')).stdout).toBe(
    'letters is valid, and would be put into webhooks-local-endpoints.\n',
  );
  expect(await run(['get', 'letters'])).toMatchObject({ code: 1 });
  expect(await put([sqs('letters', { queueArn }), KAFKA])).toEqual({
    code: 0,
    stdout:
      'letters is registered in webhooks-local-endpoints.\nletters-kafka is registered in webhooks-local-endpoints.\n',
    stderr: '',
  });
  expect((await put(KAFKA)).stdout).toContain('is unchanged');
  const listed = await run(['list']);
  expect(listed.stdout).toMatch(/^letters +sqs +arn:aws:sqs:us-east-1:000000000000:anybody$/m);
  expect(listed.stdout).toMatch(/^letters-kafka +kafka +rejected on b-1:9092, b-2:9092$/m);
  expect(JSON.parse((await run(['get', 'letters-kafka'])).stdout)).toEqual(KAFKA);
  expect((await run(['remove', 'letters-kafka'])).stdout).toBe('letters-kafka is removed.\n');
  expect(await run(['remove', 'letters-kafka'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'There is no endpoint letters-kafka in webhooks-local-endpoints: endpoints list shows all.\n',
  });
});

test('invalid items are refused with all their faults, and nothing is put', async () => {
  const queueUrl = await createQueue('right');
  const refused = await put([
    sqs('wrong', { queueUrl: 'nowhere' }),
    sqs('right', { queueUrl }),
    { name: 'a b', type: 'smtp' },
  ]);
  expect(refused.stderr).toContain(
    'standard input, item 1 is invalid:\n  configuration.queueUrl: must be the URL of an SQS queue',
  );
  expect(refused.stderr).toMatch(
    /\nstandard input, item 3 is invalid:\n {2}type: .*\nNothing was put\. 1 other item has not yet/,
  );
  expect(refused.code).toBe(1);
  expect(await run(['get', 'right'])).toMatchObject({ code: 1 });
});

test('an endpoint that a subscription names is removed only with --force', async () => {
  const queueUrl = await createQueue('named');
  await put(sqs('named', { queueUrl }));
  const one = await rig.subscribe({ dlq: 'named' });
  expect(await run(['remove', 'named'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `named is named by ${one.id}: without the endpoint they would be paused. Change their dlq first, or give --force.\n`,
  });
  expect((await run(['remove', 'named', '--force'])).stdout).toContain(one.id);
  expect(await run(['get', 'named'])).toMatchObject({ code: 1 });
});

describe('test', () => {
  test('for an existing queue says what kind of queue it is', async () => {
    const queueUrl = await createQueue('there.fifo', {
      FifoQueue: 'true',
      MessageRetentionPeriod: '1209600',
    });
    await put(sqs('there', { queueUrl }));
    const { code, stdout, stderr } = await run(['test', 'there']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^there: good\.\n {2}The queue there\.fifo exists\.\n {2}It is a FIFO queue/);
    expect(stdout).toContain('for 14 days');
  });

  test('for a queue by ARN finds its URL; warns of a small maximum message size', async () => {
    await createQueue('small', { MaximumMessageSize: '1024' });
    await put(sqs('small', { queueArn: 'arn:aws:sqs:us-east-1:000000000000:small' }));
    const { stdout } = await run(['test', 'small', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      findings: expect.arrayContaining([expect.stringContaining('Its maximum message size is 1024 bytes')]),
    });
  });

  test("for a missing queue, or one of the stage's own, says what to do, and exits with 1", async () => {
    const gone = rig.set.outputs.DeadLettersQueueUrl?.replace(/[^/]+$/, 'gone');
    await put(sqs('gone', { queueUrl: gone }));
    const missing = await run(['test', 'gone']);
    expect(missing.stdout).toMatch(/^gone: not good\.\n {2}The queue does not exist: create it/);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('would not arrive') });
    await put(sqs('own', { queueUrl: rig.set.outputs.DeadLettersQueueUrl }));
    const own = await run(['test', 'own']);
    expect(own.stdout).toContain('webhooks-local-dead-letters is a queue of this deployment');
    expect(own.code).toBe(1);
  });

  test('for a queue in another account that has the name of one of the stage looks at that queue', async () => {
    const theirs = rig.set.outputs.MessagesQueueUrl?.replace('000000000000', '999999999999');
    await put(sqs('partner', { queueUrl: theirs }));
    const { stdout } = await run(['test', 'partner']);
    expect(stdout).toContain('queue');
    expect(stdout).not.toContain('of this deployment');
  });
});
