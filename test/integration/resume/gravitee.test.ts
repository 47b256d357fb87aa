// The scenarios that Gravitee's own tests of its webhook entrypoint have, replayed at the callback: how many calls, in
// which order, and whether the subscription goes on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { bodiesOf, numbered, type Rig, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

const QUALITIES = ['none', 'auto', 'at-most-once', 'at-least-once'];
const REPEATING = ['auto', 'at-least-once'];

const retry = {
  retryOption: 'Retry On Fail',
  retryStrategy: 'LINEAR',
  maxAttempts: 3,
  initialDelaySeconds: 1,
  maxDelaySeconds: 1,
};
// One lane, so that the order of the calls says something for every quality of service.
const oneLane = { maxConcurrentConnections: 1 };

const attemptsOf = (requests: readonly { headers: { [name: string]: unknown } }[]) =>
  requests.map(({ headers }) => headers['webhook-attempt']);
const resume = (subscription: string) =>
  rig.set.functions.invoke('resume', { subscription, action: 'resume' });

const attemptedSchema = z.object({
  timestamp: z.iso.datetime().transform((text) => Date.parse(text)),
  subscription: z.string(),
  attempt: z.number(),
  durationMs: z.number(),
});
type AttemptedLine = z.infer<typeof attemptedSchema>;

/** The log lines of a subscription's attempts, once there are so many. */
const attempted = (subscription: string, count: number): Promise<AttemptedLine[]> =>
  rig.until(() => {
    const lines = rig.set.lines
      .filter((line) => line.includes('"delivery.attempted"'))
      .map((line) => attemptedSchema.parse(JSON.parse(line.slice(line.indexOf('{')))))
      .filter((line) => line.subscription === subscription);
    return lines.length >= count ? lines : undefined;
  }, `${count} attempts of ${subscription}`);

/** Milliseconds from the log line of an attempt to the start of the next one, by the function's own clock. */
const waitBetween = (before: AttemptedLine | undefined, after: AttemptedLine | undefined): number =>
  Number(after?.timestamp) - Number(after?.durationMs) - Number(before?.timestamp);

/** How long a first failure pauses, by the pause's own times. */
const waitMs = ({ since, resumeAt }: Record<string, unknown>): number => Number(resumeAt) - Number(since);

describe.concurrent('as Gravitee does it', () => {
  test.each(QUALITIES)('%s: ten messages are ten calls', async (qos) => {
    const one = await rig.subscribe({ qos, configuration: { ...oneLane, retry } });
    await one.publishAll(numbered(10), qos);
    expect(bodiesOf(await one.requests(10))).toEqual(numbered(10));
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  });

  test.each(REPEATING)('%s: 500, 500, 200 with a retry block are three calls, then the next', async (qos) => {
    const one = await rig.subscribe({ qos, configuration: { ...oneLane, retry } });
    rig.receiver.answer(one.path, [{ status: 500 }, { status: 500 }]);
    await one.publishAll(['a', 'b'], qos);
    const requests = await one.requests(4);
    expect(bodiesOf(requests)).toEqual(['a', 'a', 'a', 'b']);
    expect(attemptsOf(requests)).toEqual(['1', '2', '3', '1']);
    const [first, second, third] = await attempted(one.id, 4);
    expect(waitBetween(first, second)).toBeGreaterThanOrEqual(990);
    expect(waitBetween(second, third)).toBeGreaterThanOrEqual(990);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  });

  test.each(REPEATING)(
    '%s: a permanent 500 with three retries is four calls and an outage; the fifth call is its probe',
    async (qos) => {
      const one = await rig.subscribe({ qos, configuration: { ...oneLane, retry } });
      rig.receiver.answer(one.path, [], { status: 500 });
      await one.publishAll(['a', 'b'], qos);
      const pause = await rig.paused(one.id, 'outage');
      expect(attemptsOf(one.received())).toEqual(['1', '2', '3', '4']);
      expect(pause).toMatchObject({
        detail: 'the callback answered 500',
        failures: 1,
        head: { messageId: one.received()[0]?.headers['webhook-id'], attempts: 4 },
      });
      const requests = await one.requests(5);
      expect(bodiesOf(requests)).toEqual(['a', 'a', 'a', 'a', 'a']);
      expect(attemptsOf(requests)[4]).toBe('5');
      expect(waitMs(pause)).toBeGreaterThanOrEqual(1_600);
      // SQS counts its delays in whole seconds.
      expect(requests[4]?.arrivedAt).toBeGreaterThanOrEqual(Number(pause.resumeAt) - 1_000);
      const again = await rig.until(async () => {
        const now = await rig.pauseOf(one.id);
        return now?.failures === 2 ? now : undefined;
      }, 'a second failure');
      expect(again.since).toBe(pause.since);
      // The line of the probe was written before its failure was counted.
      const probe = (await attempted(one.id, 5)).find(({ attempt }) => attempt === 5);
      expect(Number(again.resumeAt) - Number(probe?.timestamp)).toBeGreaterThanOrEqual(3_200);
    },
  );

  test.each([
    { qos: 'auto', fourth: 'c', attempt: '2', held: 0 },
    { qos: 'at-least-once', fourth: 'c', attempt: '2', held: 0 },
    { qos: 'at-most-once', fourth: 'd', attempt: '1', held: 1 },
    { qos: 'none', fourth: 'd', attempt: '1', held: 0 },
  ])(
    '$qos: 200, 200, 400 without a dlq stops; resumed, the fourth call is $fourth',
    async ({ qos, fourth, attempt, held }) => {
      const one = await rig.subscribe({ qos, configuration: { ...oneLane, retry } });
      rig.receiver.answer(one.path, [{}, {}, { status: 400 }]);
      await one.publishAll(['a', 'b', 'c', 'd'], qos);
      expect(await rig.paused(one.id, 'rejected')).not.toHaveProperty('resumeAt');
      expect(bodiesOf(one.received())).toEqual(['a', 'b', 'c']);
      expect(await resume(one.id)).toMatchObject({ ok: true, message: 'It was resumed.' });
      const rest = fourth === 'c' ? ['c', 'd'] : ['d'];
      const requests = await one.requests(3 + rest.length);
      expect(bodiesOf(requests)).toEqual(['a', 'b', 'c', ...rest]);
      expect(attemptsOf(requests)[3]).toBe(attempt);
      expect(await rig.held(one.id, held)).toHaveLength(held);
      expect(await rig.lettersOf(one.id)).toEqual([]);
    },
  );

  test.each(QUALITIES)('%s: 400, 400, 200 with a dlq are three calls and two dead letters', async (qos) => {
    const one = await rig.subscribe({ qos, dlq: 'e', configuration: { ...oneLane, retry } });
    rig.receiver.answer(one.path, [{ status: 400 }, { status: 400 }]);
    await one.publishAll(['a', 'b', 'c'], qos);
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'b', 'c']);
    const letters = await rig.letters(one.id, 2);
    expect(letters.map(({ body, attempts }) => [body, attempts])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  });

  test.each(QUALITIES)('%s: a 401 is not tried again, it stops', async (qos) => {
    const one = await rig.subscribe({ qos, configuration: { ...oneLane, retry } });
    rig.receiver.answer(one.path, [], { status: 401 });
    await one.publishAll(['a', 'b'], qos);
    expect(await rig.paused(one.id, 'rejected')).toMatchObject({ detail: 'the callback answered 401' });
    expect(bodiesOf(one.received())).toEqual(['a']);
  });

  test.each(REPEATING)('%s: "No Retry" is one call, then the outage', async (qos) => {
    const configuration = { ...oneLane, retry: { retryOption: 'No Retry' } };
    const one = await rig.subscribe({ qos, configuration });
    rig.receiver.answer(one.path, [{ status: 500 }]);
    await one.publishAll(['a', 'b'], qos);
    const { resumeAt } = await rig.paused(one.id, 'outage');
    expect(bodiesOf(one.received())).toEqual(['a']);
    const requests = await one.requests(3);
    expect(bodiesOf(requests)).toEqual(['a', 'a', 'b']);
    expect(requests[1]?.arrivedAt).toBeGreaterThanOrEqual(Number(resumeAt) - 1_000);
  });
});

describe.concurrent('Retry-After on a 503, with a retry block', () => {
  test('at-least-once waits for as long as the callback asks', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once', configuration: { retry } });
    rig.receiver.answer(one.path, [{ status: 503, headers: { 'retry-after': '3600' } }]);
    await one.publishAll(['a', 'b'], 'asked');
    const pause = await rig.paused(one.id, 'outage');
    expect(waitMs(pause)).toBe(3_600_000);
    expect(bodiesOf(one.received())).toEqual(['a']);
  });

  test('auto delays that message, and delivers the others', async () => {
    const one = await rig.subscribe({ qos: 'auto', configuration: { ...oneLane, retry } });
    rig.receiver.answer(one.path, [{ status: 503, headers: { 'retry-after': '600' } }]);
    await one.publishAll(['a', 'b', 'c'], 'goes-on');
    expect(bodiesOf(await one.requests(3))).toEqual(['a', 'b', 'c']);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
    expect(rig.sqs.queue('webhooks-local-retries').counts().delayed).toBeGreaterThanOrEqual(1);
  });

  test('a few seconds of it are waited in place', async () => {
    const one = await rig.subscribe({ qos: 'at-least-once', configuration: { retry } });
    rig.receiver.answer(one.path, [{ status: 503, headers: { 'retry-after': '3' } }]);
    await one.publishAll(['a', 'b'], 'in-place');
    const requests = await one.requests(3);
    expect(bodiesOf(requests)).toEqual(['a', 'a', 'b']);
    const [first, second] = await attempted(one.id, 3);
    expect(waitBetween(first, second)).toBeGreaterThanOrEqual(2_990);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  });
});
