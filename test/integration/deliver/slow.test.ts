// Slow subscriptions beside one that is not, over eight environments: the callbacks of the slow ones answer only when the
// test says so. What the other one has received until then, it has received beside them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestsInLane } from '#lib/message/lane-layout.ts';
import { unordered } from '#test/support/lanes.ts';
import { bodiesOf, firstArrivals, numbered, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({
    maxEnvironments: 8,
    // The callbacks hang for as long as the test needs.
    environment: { LARGEST_READ_TIMEOUT_MS: '45000' },
  });
});
afterAll(() => rig?.close());

const QOS = ['none', 'auto', 'at-most-once', 'at-least-once'] as const;
const MESSAGES = 10;
const PATIENCE_MS = 40_000;
const BEHIND = 5;

type Status = {
  readonly phase: string;
  readonly slow?: { readonly since: number };
  readonly message: string;
};
const statusOf = ({ id }: Subscribed) =>
  rig.set.functions.invoke('resume', { subscription: id, action: 'status' }) as Promise<Status>;

/** A subscription whose callback does not answer, with its first request under way. */
async function hangs(qos: string): Promise<Subscribed> {
  const one = await rig.subscribe({ qos, configuration: { http: { readTimeout: 45_000 } } });
  rig.receiver.answer(one.path, [], { fault: 'hang' });
  await one.publish('first', { group: one.id });
  await one.requests(1, PATIENCE_MS);
  return one;
}

test.each([1, 4])(
  'beside %i slow subscriptions all messages come, before any of the slow ones is answered',
  async (count) => {
    const slow = await Promise.all(
      Array.from({ length: count }, (_, index) => hangs(QOS[(index + 1) % 4] ?? '')),
    );
    for (const one of slow) {
      await rig.until(async () => (await statusOf(one)).slow, `${one.id} marked as slow`);
    }
    // These would each hold a function for as long as the first does.
    for (const one of slow) await one.publishAll(numbered(BEHIND), one.id);
    const victims = await Promise.all(QOS.map((qos) => rig.subscribe({ qos })));
    await Promise.all(victims.map((one) => one.publishAll(numbered(MESSAGES), one.id)));
    for (const victim of victims) {
      const bodies = bodiesOf(await victim.requests(MESSAGES, PATIENCE_MS));
      expect(bodies.sort()).toEqual(numbered(MESSAGES));
      expect(await statusOf(victim)).toMatchObject({ phase: 'going', message: 'It is going.' });
    }
    // The first request of each, and those of one lane in each of the two slots.
    const open = slow.map(({ path }) => rig.receiver.inFlight(path));
    expect(open.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(
      count + 2 * requestsInLane(0, unordered(5)),
    );
    for (const one of slow) expect((await statusOf(one)).phase).toBe('going');

    for (const { path } of slow) rig.receiver.answer(path, []);
    rig.receiver.release();
    for (const one of slow) {
      // The slots go round by themselves. Only a token that was lost would need the sweep.
      expect(firstArrivals(await one.requests(BEHIND + 1, PATIENCE_MS)).sort()).toEqual([
        'first',
        ...numbered(BEHIND),
      ]);
      if (String(one.item.qos).startsWith('at-'))
        expect(bodiesOf(one.received())).toEqual(['first', ...numbered(BEHIND)]);
      expect(await rig.heldOf(one.id)).toEqual([]);
    }
  },
);

test('the status of a slow subscription says since when', async () => {
  const before = Date.now();
  const one = await hangs('auto');
  const { since } = await rig.until(async () => (await statusOf(one)).slow, `${one.id} marked as slow`);
  expect(since).toBeGreaterThanOrEqual(before);
  expect((await statusOf(one)).message).toBe('It is going, and slow: its messages go through the backlog.');
  rig.receiver.release();
});
