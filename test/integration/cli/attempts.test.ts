// `webhooks attempts` on the local set: what the functions have logged about real messages, and where each one ended.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { webhooks } from '#test/support/cli.ts';
import { type Ended, webhooksRunning } from '#test/support/cli-program.ts';
import { deadLetterQueue } from '#test/support/dead-letter-queue.ts';
import { bodiesOf, QUEUES, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ schedules: false });
});
afterAll(() => rig?.close());

const run = (...args: string[]): Promise<Ended> => webhooks(args, { endpointUrl: rig.set.url });
const json = async (...args: string[]) => JSON.parse((await run('attempts', ...args, '--json')).stdout);
const stepsOf = async (message: string): Promise<{ step: string; subscription?: string }[]> =>
  (await json('--message', message)).steps;
const namesOf = async (message: string) => (await stepsOf(message)).map(({ step }) => step);

/** The last line of the output that begins with the CLI's call, run. */
async function runAdvice({ stdout }: Ended): Promise<Ended> {
  const advice = stdout.split('\n').findLast((line) => line.startsWith('  npm run webhooks -- ')) ?? '';
  return run(...advice.replace('  npm run webhooks -- ', '').split(' '));
}

test('the attempts of a subscription: when, which message, how it ended, and no others', async () => {
  const one = await rig.subscribe({ qos: 'auto' });
  const other = await rig.subscribe({ qos: 'auto' });
  rig.receiver.answer(one.path, [{ status: 503 }]);
  await one.publish('a', { id: `attempts.1-${one.id}` });
  await other.publish('b');
  await one.requests(2);
  await rig.emptied(QUEUES.deliveries);
  const { stdout, stderr, code } = await run('attempts', one.id);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const at = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
  expect(stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^time +message +attempt +outcome +status +then +ms +notes$/),
    expect.stringMatching(new RegExp(`^${at} +attempts.1-${one.id} +1 +failed +503 +retry +\\d+$`)),
    expect.stringMatching(new RegExp(`^${at} +attempts.1-${one.id} +2 +delivered +200 +\\d+$`)),
  ]);
  const { attempts, more } = await json(one.id, '--outcome', 'failed');
  expect(more).toBe(false);
  expect(attempts).toEqual([
    expect.objectContaining({ at: expect.stringMatching(new RegExp(`^${at}$`)), status: 503, attempt: 1 }),
  ]);
  expect((await json(one.id, '--status', '2xx')).attempts).toHaveLength(1);
  expect((await json(one.id, '--limit', '1')).attempts).toMatchObject([{ attempt: 2 }]);
  expect((await json('--status', '503')).attempts).toHaveLength(1);
  const lines = (await run('attempts', one.id, '--all', '--json')).stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).attempt)).toEqual([1, 2]);
});

describe('the whole way of a message', () => {
  test('that was parked and drained', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once' });
    await run('pause', one.id);
    await one.publish('a', { group: 'g', id: `way-${one.id}` });
    await rig.emptied(QUEUES.messagesFifo);
    await rig.emptied(QUEUES.deliveries);
    const waits = await run('attempts', '--message', `way-${one.id}`);
    expect(waits.stdout).toContain(`${one.id}: waiting. It waits in the backlog`);
    expect((await runAdvice(waits)).stdout).toContain(`${one.id}: stopped.`);
    await run('resume', one.id);
    await one.requests(1);
    await rig.emptied(QUEUES.deliveries);
    expect(await stepsOf(`way-${one.id}`)).toMatchObject([
      { step: 'routed', deliveries: 1, to: one.id },
      { step: 'parked', subscription: one.id, lane: 0 },
      { step: 'attempt', outcome: 'delivered', waitedMs: expect.any(Number) },
    ]);
    const whole = await run('attempts', '--message', `way-${one.id}`);
    expect(whole.stdout).toMatch(/attempt .*1 delivered 200; \d+ ms; from the backlog, after \d+s\n/);
    expect(whole.stdout).toMatch(new RegExp(`\n\n${one.id}: delivered\\.\n$`));
  });

  test('that became a dead letter, was bridged, and redriven as the output says', async () => {
    const queue = await deadLetterQueue('way-letters', rig);
    const one = await rig.subscribe({ qos: 'at-least-once', dlq: 'way-letters' });
    await queue.register();
    // A rig has the bridge off.
    for (const reader of rig.set.mappings) reader.resume();
    rig.receiver.answer(one.path, [{ status: 410 }]);
    await one.publish('a', { group: 'g', id: `letter-${one.id}` });
    await rig.until(async () => ((await queue.counts()).visible === 1 ? true : undefined), 'bridged');
    await rig.emptied(QUEUES.deadLetters);
    const bridged = await run('attempts', '--message', `letter-${one.id}`);
    expect(bridged.stdout).toContain('for the endpoint way-letters, because of rejected 410');
    expect(bridged.stdout).toContain(`${one.id}: bridged. It is a dead letter. A redrive sends it again:`);
    expect((await runAdvice(bridged)).stdout).toContain('1');
    expect(bodiesOf(await one.requests(2))).toEqual(['a', 'a']);
    await rig.emptied(QUEUES.deliveries);
    expect(await stepsOf(`letter-${one.id}`)).toMatchObject([
      { step: 'routed' },
      { step: 'attempt', status: 410, action: 'dead-letter' },
      { step: 'dead-letter', endpoint: 'way-letters', reason: 'rejected' },
      { step: 'bridged', endpoint: 'way-letters' },
      { step: 'redriven', subscription: one.id, redriveId: expect.any(String) },
      { step: 'attempt', status: 200, replayId: expect.any(String) },
    ]);
  });

  test('that is held, and sent again as the output says', async () => {
    const one = await rig.subscribe({ qos: 'at-most-once' });
    rig.receiver.answer(one.path, [{ status: 500 }]);
    await one.publish('a', { group: 'g', id: `held-${one.id}` });
    await rig.held(one.id, 1);
    await rig.paused(one.id, 'outage');
    const held = await run('attempts', '--message', `held-${one.id}`);
    expect(held.stdout).toContain(`${one.id}: held. It is held, because the receiver may have it.`);
    await run('resume', one.id);
    expect((await runAdvice(held)).stdout).toContain('is being sent');
    await one.requests(2);
    await rig.emptied(QUEUES.deliveries);
    expect(await stepsOf(`held-${one.id}`)).toMatchObject([
      { step: 'routed' },
      { step: 'attempt', action: 'pause', fate: 'hold' },
      { step: 'held', reason: 'failed', status: 500 },
      { step: 'held-sent', subscription: one.id },
      { step: 'attempt', outcome: 'delivered' },
    ]);
  });

  test('that waits for a retry, without a subscription, and undeliverable', async () => {
    const one = await rig.subscribe({
      qos: 'auto',
      configuration: {
        retry: {
          retryOption: 'Retry On Fail',
          retryStrategy: 'LINEAR',
          maxAttempts: 3,
          initialDelaySeconds: 600,
          maxDelaySeconds: 600,
        },
      },
    });
    rig.receiver.answer(one.path, [{ status: 500 }]);
    await one.publish('a', { id: `later-${one.id}` });
    await one.requests(1);
    await rig.emptied(QUEUES.deliveries);
    expect(await stepsOf(`later-${one.id}`)).toMatchObject([
      { step: 'routed' },
      { step: 'attempt', action: 'retry' },
      { step: 'delayed', notBefore: expect.stringMatching(/Z$/) },
    ]);
    await run('publish', '{}', '--topic', 'nobody', '--id', 'unsubscribed-1');
    await rig.emptied(QUEUES.messages);
    expect(await namesOf('unsubscribed-1')).toEqual(['without-subscription']);
    await run('publish', '{}', '--subscription', 'no-such', '--id', 'lost-1');
    await rig.emptied(QUEUES.messages);
    const lost = await run('attempts', '--message', 'lost-1');
    expect(lost.stdout).toContain('undeliverable');
    expect(lost.stdout).toContain('redrive undeliverable --subscription no-such --id lost-1');
  });
});

test('--bodies shows what the logging of an item keeps, without its credentials', async () => {
  const one = await rig.subscribe({
    qos: 'auto',
    configuration: {
      auth: { type: 'token', token: { value: 'very-secret-token' } },
      logging: { bodies: 'failures', excerptBytes: 30 },
      retry: { retryOption: 'No Retry' },
    },
  });
  const body = 'no: very-secret-token \u001b[31mis wrong, as I say at some length';
  rig.receiver.answer(one.path, [{ status: 400, body }, { status: 200 }]);
  await one.publish('{"card":1}', {
    id: 'kept-1',
    attributes: { headers: '{"x-api-key":"abc","x-plain":"seen"}' },
  });
  await one.requests(1);
  await rig.paused(one.id, 'rejected');
  await rig.emptied(QUEUES.deliveries);
  const { stdout } = await run('attempts', one.id, '--bodies');
  expect(stdout).not.toContain('very-secret');
  expect(stdout).toContain('    request headers\n');
  expect(stdout).toContain('      authorization: [redacted]\n');
  expect(stdout).toContain('      x-api-key: [redacted]\n      x-plain: seen\n');
  expect(stdout).toContain('    request body\n      {"card":1}\n');
  expect(stdout).toContain('    answer body\n      no: [redacted] ?[31mis wr\n');
  expect((await run('attempts', one.id)).stdout).not.toContain('request headers');
  const [attempt] = (await json(one.id)).attempts;
  expect(attempt).toMatchObject({ requestBody: '{"card":1}', outcome: 'rejected', status: 400 });
});

test('--follow shows new attempts as JSON lines until it is ended', async () => {
  const one = await rig.subscribe({ qos: 'auto' });
  const following = webhooksRunning(['attempts', one.id, '--follow', '--json'], { endpointUrl: rig.set.url });
  for (const id of ['followed-1', 'followed-2']) {
    await one.publish('a', { id });
    const { value } = await following.lines.next();
    expect(JSON.parse(value ?? '')).toMatchObject({ messageId: id, outcome: 'delivered' });
  }
  await following.end();
  expect(following.stderr()).toBe('Waiting for further ones; Ctrl-C ends it.\n');
});
