// `webhooks status | pause | resume | skip-head | dead-letter-head | held … | backlog list` on the local set, seen from the
// callback.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { webhooks } from '#test/support/cli.ts';
import type { Ended } from '#test/support/cli-program.ts';
import { bodiesOf, numbered, QUEUES, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ schedules: false });
});
afterAll(() => rig?.close());

const run = (...args: string[]): Promise<Ended> => webhooks(args, { endpointUrl: rig.set.url });
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout);

/** One that is paused by the CLI, with these messages behind. */
async function pausedWith(bodies: readonly string[], subscribing = {}): Promise<Subscribed> {
  const one = await rig.subscribe({ qos: 'at-least-once', ...subscribing });
  expect(await run('pause', one.id, '--detail', 'moving house')).toEqual({
    code: 0,
    stdout: `${one.id}: It is paused until somebody resumes it.\n`,
    stderr: '',
  });
  await one.publishAll(bodies, one.id);
  await rig.emptied(QUEUES.messagesFifo);
  await rig.emptied(QUEUES.deliveries);
  return one;
}

test('pause, list the backlog, resume: the messages arrive in order', async () => {
  const bodies = numbered(30);
  const one = await pausedWith(bodies);
  const listed = await run('backlog', 'list', one.id, '--limit', '4');
  expect(listed.stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^lane {2}message +topic +published +waits +next attempt$/),
    ...Array.from({ length: 4 }, () =>
      expect.stringMatching(/^ +0 {2}[0-9a-f-]{36} +topic-s\d+ +\d+s ago +\d+s +1$/),
    ),
    'There are more messages: use --limit or --all.',
  ]);
  const { waiting, more } = await json('backlog', 'list', one.id, '--all');
  expect({ length: waiting.length, more }).toEqual({ length: 30, more: false });

  await run('look', one.id);
  const shown = await run('status', one.id);
  expect(shown.stdout).toMatch(
    new RegExp(`^${one.id}: stopped\\. It is paused \\(manual\\): moving house\\.\\n {2}reason: manual\\n`),
  );
  expect(shown.stdout).toMatch(/ {2}backlog: 30\n {2}oldest: \d+s\n {2}closed lanes: 0\n$/);

  expect((await run('resume', one.id)).stdout).toBe(`${one.id}: It was resumed.\n`);
  expect(bodiesOf(await one.requests(30))).toEqual(bodies);
  expect((await run('resume', one.id)).stdout).toBe(`${one.id}: It was not paused.\n`);
  await rig.emptied(QUEUES.deliveries);
  expect((await run('backlog', 'list', one.id)).stdout).toBe(`No message waits for ${one.id}.\n`);
});

test('skip-head drops the first message, dead-letter-head sends it to the dlq, and the others are delivered', async () => {
  await rig.set.putEndpoint({
    name: 'letters',
    type: 'sqs',
    configuration: { queueUrl: rig.set.outputs.UndeliverableQueueUrl },
  });
  const one = await pausedWith(['a', 'b', 'c'], { dlq: 'letters' });
  const [first, second] = (await json('backlog', 'list', one.id)).waiting;
  expect((await run('skip-head', one.id)).stdout).toBe(
    `${one.id}: It is being done. (message ${first.messageId})\n`,
  );
  await rig.emptied(QUEUES.deliveries);
  expect((await run('dead-letter-head', one.id, '--lane', '0')).stdout).toContain(second.messageId);
  const [letter] = await rig.letters(one.id, 1);
  expect(letter).toMatchObject({ body: 'b', reason: 'asked' });
  await run('resume', one.id);
  expect(bodiesOf(await one.requests(1))).toEqual(['c']);
});

test('held messages are listed, sent and discarded, by id or all at once', async () => {
  const one = await rig.subscribe({ qos: 'at-most-once' });
  rig.receiver.answer(one.path, [{ status: 500 }]);
  await one.publish('a', { group: one.id, id: 'held-1' });
  await rig.held(one.id, 1);
  await rig.paused(one.id, 'outage');
  expect((await run('held', 'list', one.id)).stdout).toMatch(
    /^message +why +status +held\nheld-1 +failed +500 +\d+s ago\n$/,
  );
  expect(await run('held', 'send', one.id)).toMatchObject({
    code: 2,
    stderr: 'Give message ids or --all; held list shows the ids.\n',
  });
  await run('resume', one.id);
  expect((await run('held', 'send', one.id, 'held-1')).stdout).toBe(
    `${one.id}: message held-1 is being sent.\n`,
  );
  expect(bodiesOf(await one.requests(2))).toEqual(['a', 'a']);
  await rig.emptied(QUEUES.deliveries);
  expect((await run('held', 'list', one.id)).stdout).toBe(`No message is held for ${one.id}.\n`);

  rig.receiver.answer(one.path, [], { status: 400 });
  await one.publish('b', { group: one.id, id: 'held-2' });
  await rig.held(one.id, 1);
  expect((await run('held', 'discard', one.id, '--all')).stdout).toBe(
    `${one.id}: message held-2 is being discarded.\n`,
  );
  await rig.until(async () => ((await rig.heldOf(one.id)).length === 0 ? true : undefined), 'discarded');
});

describe('status of all', () => {
  test('lists each subscription once with its fault, and totals; --not-going hides those that deliver', async () => {
    const ids = Array.from({ length: 260 }, (_, index) => `many-${String(index).padStart(3, '0')}`);
    for (const id of ids)
      await rig.set.putSubscription({ id, configuration: { callbackUrl: rig.receiver.url } });
    const one = await rig.subscribe({ id: 'many-refused', qos: 'at-least-once' });
    rig.receiver.answer(one.path, [{ status: 418 }]);
    await one.publish('a', { group: one.id });
    await rig.paused(one.id, 'rejected');
    const lines = await json('status');
    const found = lines.map(({ subscription }: { subscription: string }) => subscription);
    expect(found).toEqual([...found].sort());
    expect(found.filter((id: string) => id.startsWith('many-'))).toEqual([...ids, one.id]);

    const { stdout, code } = await run('status', '--not-going');
    expect(stdout).toMatch(
      /^many-refused +topic-many-refused +stopped +rejected +\d+s .*the callback answered 418$/m,
    );
    expect(stdout).not.toContain('many-000');
    expect(stdout).toMatch(
      /^\d+ subscriptions: \d+ going, .*\d+ stopped\. Waiting messages at the last count: \d+\.$/m,
    );
    expect(code).toBe(0);
  });
});

describe("a request that can't be carried out is explained, and exits with 1", () => {
  test.each([
    [['status', 'nobody'], 'There is no subscription nobody.\n'],
    [['pause', 'nobody'], 'There is no subscription nobody.\n'],
    [['backlog', 'list', 'nobody'], 'There is no subscription nobody.\n'],
    [['held', 'send', 'nobody', 'm'], 'There is no subscription nobody.\n'],
  ])('%j', async (args, stderr) => {
    expect(await run(...args)).toEqual({ code: 1, stdout: '', stderr });
  });

  test('the head of an empty backlog, and an unknown held message', async () => {
    const one = await rig.subscribe();
    expect(await run('skip-head', one.id)).toMatchObject({ code: 1, stderr: 'Nothing waits there.\n' });
    expect(await run('held', 'discard', one.id, 'm')).toMatchObject({
      code: 1,
      stderr: `No message m is held for ${one.id}.\n`,
    });
  });

  test('an impossible lane number is an error of the command line', async () => {
    const { code, stderr } = await run('skip-head', 'a', '--lane', '20');
    expect(code).toBe(2);
    expect(stderr).toContain("option '--lane <n>' argument '20' is invalid. It must be 0 to 19.");
  });

  test('a stage that is not there', async () => {
    const { code, stderr } = await run('status', 'a', '--stage', 'local-other');
    expect(code).toBe(1);
    expect(stderr).toContain('npm run deploy -- --stage local-other creates missing resources');
  });
});

test('a slow subscription is shown as slow, with the time since when, by status and by subscriptions list', async () => {
  const one = await rig.subscribe();
  const slow = { since: Date.now() - 3_600_000, at: Date.now(), fast: 0, tenant: one.id };
  await rig.putState(one.id, { subscription: one.id, version: 1, epoch: 0, drains: 0, lanes: {}, slow });
  const since = new Date(slow.since).toISOString();
  const shown = await run('status', one.id);
  expect(shown.stdout).toContain(
    `${one.id}: slow. It is going, and slow: its messages go through the backlog.\n  since: ${since} (`,
  );
  const all = await run('status', '--not-going');
  expect(all.stdout).toMatch(new RegExp(`^${one.id} +topic-${one.id} +slow +\\d+[mh]`, 'm'));
  expect(all.stdout).toMatch(/: .*\b1 slow\b/);
  expect((await run('subscriptions', 'list')).stdout).toMatch(new RegExp(`^${one.id} .*${since}`, 'm'));
  const listed: { id: string; slowSince?: string }[] = await json('subscriptions', 'list');
  expect(listed.filter(({ slowSince }) => slowSince !== undefined)).toMatchObject([
    { id: one.id, slowSince: since },
  ]);
});
