// `webhooks dead-letters list` and `webhooks redrive` on the local set: looked at, and sent on its way again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webhooks } from '#test/support/cli.ts';
import type { Ended } from '#test/support/cli-program.ts';
import { type DeadLetterQueue, deadLetterQueue } from '#test/support/dead-letter-queue.ts';
import { bodiesOf, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

let rig: Rig;
let queue: DeadLetterQueue;
let one: Subscribed;
let ids: string[];
beforeAll(async () => {
  rig = await startRig({ schedules: false });
  queue = await deadLetterQueue('rejected', rig);
  one = await rig.subscribe({ qos: 'at-least-once', dlq: 'rejected' });
  await queue.register();
  const answers = [400, 410, 422].map((status) => ({ status, body: `no: \u001b[31m${status}` }));
  rig.receiver.answer(one.path, answers);
  await one.publishAll(['first', 'second', 'third'], 'stream');
  const letters = await rig.letters(one.id, 3);
  ids = letters.map(({ messageId }) => messageId);
  for (const letter of letters) await queue.put(letter);
});
afterAll(() => rig?.close());

const run = (...args: string[]): Promise<Ended> => webhooks(args, { endpointUrl: rig.set.url });

test('list prints the letters, one a line, and deletes none', async () => {
  const { code, stdout } = await run('dead-letters', 'list', 'rejected');
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^AGE +SUBSCRIPTION +TOPIC +REASON +STATUS/);
  expect(lines).toHaveLength(4);
  for (const [index, status] of ['400', '410', '422'].entries()) {
    // What a callback answered may move no cursor.
    expect(stdout).toMatch(
      new RegExp(`${one.id} .*rejected +${status} .*${ids[index]} +no: \\?\\[31m${status}`),
    );
  }
  expect(await queue.counts()).toEqual({ visible: 3, inFlight: 0 });
});

test('list takes filters, and prints JSON on request', async () => {
  const { stdout } = await run(
    'dead-letters',
    'list',
    'rejected',
    '--status',
    '410,422',
    '--from',
    '1h',
    '--json',
  );
  expect(JSON.parse(stdout)).toMatchObject({
    letters: expect.arrayContaining([
      expect.objectContaining({ id: ids[1], status: 410 }),
      expect.objectContaining({ id: ids[2], status: 422 }),
    ]),
    seen: 3,
  });
  expect(JSON.parse(stdout).letters).toHaveLength(2);
  expect((await run('dead-letters', 'list', 'rejected', '--status', '5xx')).stdout).toBe(
    'None of 3 dead letters matches.\n',
  );
});

test('a dry run counts and lists letters, and sends none', async () => {
  const { code, stdout } = await run('redrive', 'rejected', '--dry-run', '--status', '4xx');
  expect(code).toBe(0);
  expect(stdout).toContain('3 of 3 dead letters match.');
  expect(stdout).toMatch(/status +410 +1/);
  expect(stdout).toMatch(new RegExp(`subscription +${one.id} +3`));
  expect(await queue.counts()).toEqual({ visible: 3, inFlight: 0 });
});

test('matching letters are sent and delivered, others stay; the redrive may have a name', async () => {
  const { code, stdout, stderr } = await run(
    'redrive',
    'rejected',
    '--id',
    ids[1] ?? '',
    '--redrive-id',
    'fixed',
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: '1 of 3 dead letters were sent again.\n' });
  expect(stderr).toBe('Redrive fixed started.\n');
  expect(bodiesOf(await one.requests(4)).slice(3)).toEqual(['second']);
  const rest = await run('redrive', 'rejected', '--json');
  expect(JSON.parse(rest.stdout)).toMatchObject({
    sent: 2,
    matched: 2,
    skipped: {},
    redriveId: expect.any(String),
  });
  expect(bodiesOf(await one.requests(6)).slice(4)).toEqual(['first', 'third']);
  expect(await queue.counts()).toEqual({ visible: 0, inFlight: 0 });
});

test('errors are explained: a wrong value by the CLI, an unknown endpoint by the function', async () => {
  expect(await run('redrive', 'rejected', '--from', 'yesterday')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Give a time with its zone'),
  });
  expect(await run('redrive', 'nowhere', '--status', '9xx')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('  status.0: must be a status such as 410, or a class such as "4xx"'),
  });
  expect(await run('dead-letters', 'list', 'nowhere')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('endpoint: there is no endpoint nowhere: put its item, or name another'),
  });
});
