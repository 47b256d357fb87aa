// A subscription with a rate on the local set: its requests at the callback, over several environments that are killed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { TOKEN_MS } from '#lib/state/lanes.ts';
import { moveClock } from '#test/support/moved-clock.ts';
import { excessOver } from '#test/support/rate-bound.ts';
import { bodiesOf, numbered, QUEUES, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

const clock = moveClock();
let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ maxEnvironments: 5, schedules: false, environment: clock.environment });
});
afterAll(async () => {
  await rig?.close();
  clock.close();
});

/** Of deliveries.fifo: a function that was killed at once had no time to shorten it. */
const VISIBILITY_SECONDS = 360;
/** A part of a request: what the clocks' whole milliseconds add, and a killed attempt's way to the callback. */
const ON_THE_WAY = 0.3;

/** A token that was lost is missed after this time, and the next sweep sends another. */
const MISSED_AFTER_MS = TOKEN_MS + 1_000;

/** How many messages and tokens are on the way, by queue; undefined while a function is at work. */
function onTheWay() {
  const left = (name: string) => {
    const { visible, inFlight, delayed } = rig.sqs.queue(name).counts();
    return visible + inFlight + delayed;
  };
  const counts = {
    published: left(QUEUES.messagesFifo),
    deliveries: left(QUEUES.deliveries),
    retries: left(QUEUES.retries),
  };
  return rig.set.functions.running().length > 0 ? undefined : counts;
}

/**
 * Waits until the look succeeds. A kill between the write of a lane's state and the sending of its token leaves nothing that
 * goes on by itself, as it does on AWS: then time passes, and the sweep finds the lane.
 */
const untilSwept = (look: () => Promise<boolean> | boolean, what: string): Promise<true> =>
  rig.until(
    async () => {
      const isLost = Object.values(onTheWay() ?? { function: 1 }).every((count) => count === 0);
      if (await look()) return true;
      if (!isLost) return undefined;
      clock.jump(MISSED_AFTER_MS);
      await rig.set.schedules.run('resume');
      return undefined;
    },
    what,
    50_000,
  );

const attemptedSchema = z.object({
  subscription: z.string(),
  messageId: z.string(),
  attempt: z.number(),
  durationMs: z.number(),
});

/**
 * When the requests began. On a busy machine a request arrives long after that: of the time that the function measured, all but
 * the callback's own may be the way there. A function that was killed measured nothing.
 */
function spansOf(one: Subscribed): { from: number; to: number }[] {
  const attempts = rig.set.lines
    .filter((line) => line.includes('"delivery.attempted"'))
    .map((line) => attemptedSchema.parse(JSON.parse(line.slice(line.indexOf('{')))))
    .filter(({ subscription }) => subscription === one.id);
  return one.received().map(({ headers, arrivedAt, endedAt = arrivedAt }) => {
    const measured = attempts.find(
      ({ messageId, attempt }) =>
        messageId === headers['webhook-id'] && String(attempt) === headers['webhook-attempt'],
    );
    const onTheWayMs = Math.max(0, (measured?.durationMs ?? 0) - (endedAt - arrivedAt));
    return { from: arrivedAt - onTheWayMs, to: arrivedAt };
  });
}

test.each([
  { qos: 'at-least-once', cap: 1, rateLimit: { requests: 4, perSeconds: 1 } },
  { qos: 'at-most-once', cap: 1, rateLimit: { requests: 4, perSeconds: 1 } },
  { qos: 'auto', cap: 5, rateLimit: { requests: 8, perSeconds: 1 } },
])(
  '%o: the bound holds at the callback while functions are killed, and all messages come',
  async (one) => {
    const { qos, cap, rateLimit } = one;
    const http = { maxConcurrentConnections: cap };
    const paced = await rig.subscribe({ qos, dlq: 'letters', rateLimit, configuration: { http } });
    const bodies = numbered(24);
    await paced.publishAll(bodies, 'stream');
    const isParked = () =>
      rig.set.lines.some((line) => line.includes('"delivery.parked"') && line.includes(`"${paced.id}"`));
    // While messages of the queue wait for their turn; when they are parked, before their token is sent; and twice in a slice of
    // a drain.
    for (const moment of [2, isParked, 9, 15]) {
      const has = typeof moment === 'number' ? () => paced.received().length >= moment : moment;
      await untilSwept(has, `the moment ${moment}`);
      await rig.crash('deliver', VISIBILITY_SECONDS);
    }
    await untilSwept(async () => {
      const letters = (await rig.lettersOf(paced.id)).map(({ body }) => body);
      return new Set([...bodiesOf(paced.received()), ...letters]).size === bodies.length;
    }, 'all messages');
    await rig.emptied(QUEUES.deliveries, 30_000);
    expect(excessOver(rateLimit, cap, spansOf(paced))).toBeLessThanOrEqual(ON_THE_WAY);
    if (qos === 'at-most-once') {
      const sent = bodiesOf(paced.received());
      expect(sent).toEqual([...new Set(sent)]);
    }
  },
  180_000,
);

/** Resolves when all that is on the way is a token in `retries`, and no function waits for it. */
const waitsInRetries = () =>
  rig.until(() => {
    const { published, deliveries, retries } = onTheWay() ?? {};
    return (published === 0 && deliveries === 0 && retries === 1) || undefined;
  }, 'a token in retries, and nothing else');

test('a pace slower than a slice waits in the queue retries, and a subscription beside it is delivered', async () => {
  const rateLimit = { requests: 1, perSeconds: 5 };
  const paced = await rig.subscribe({ qos: 'at-least-once', rateLimit });
  const beside = await rig.subscribe({ qos: 'at-least-once' });
  await paced.publishAll(numbered(4), 'stream');
  await paced.requests(1);
  await waitsInRetries();
  expect(paced.received()).toHaveLength(1);
  await beside.publishAll(numbered(20), 'beside');
  expect(bodiesOf(await beside.requests(20))).toEqual(numbered(20));
  expect(await rig.pauseOf(beside.id)).toBeUndefined();
  for (const count of [2, 3, 4]) {
    await waitsInRetries();
    clock.jump(1_000 * rateLimit.perSeconds);
    await paced.requests(count);
  }
  expect(bodiesOf(paced.received())).toEqual(numbered(4));
  expect(excessOver(rateLimit, 1, spansOf(paced))).toBeLessThanOrEqual(ON_THE_WAY);
});
