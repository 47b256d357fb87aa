// Several messages in one request, on the local set: what the callback gets, and what is left when the function dies.
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodiesOf, numbered, QUEUES, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

/** Bodies of JSON, put on the lane while no function works on it. */
async function arriveTogether(one: Subscribed, bodies: readonly string[]): Promise<void> {
  await rig.whilePaused(QUEUES.deliveries, async () => {
    await one.publishAll(bodies, `stream-${one.id}`);
    await rig.emptied(QUEUES.messagesFifo);
  });
}

const membersOf = (body: string): string[] =>
  JSON.parse(body).map((member: unknown) => JSON.stringify(member));
const json = (count: number): string[] => numbered(count).map((text) => JSON.stringify(text));

test('a signature covers the whole body, as a library that is not ours reads it', async () => {
  const key = `whsec_${randomBytes(32).toString('base64')}`;
  const configuration = { batch: { format: 'json-array' }, signing: { keys: [key] } };
  const one = await rig.subscribe({ qos: 'at-least-once', configuration });
  await arriveTogether(one, json(5));
  const [request] = await one.requests(1);
  const headers = Object.fromEntries(
    Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  expect(new Webhook(key).verify(request?.body.toString() ?? '', headers)).toEqual(numbered(5));
  expect(headers['webhook-batch']).toBe('5');
});

test.each(['none', 'auto', 'at-most-once', 'at-least-once'])(
  '%s: 40 messages take few requests, each comes once',
  async (qos) => {
    const configuration = { maxConcurrentConnections: 1, batch: { maxMessages: 10 } };
    const one = await rig.subscribe({ qos, configuration });
    await arriveTogether(one, json(40));
    await rig.until(
      () => bodiesOf(one.received()).flatMap(membersOf).length >= 40 || undefined,
      'all messages',
    );
    expect(bodiesOf(one.received()).flatMap(membersOf)).toEqual(json(40));
    expect(one.received().length).toBeLessThanOrEqual(8);
  },
);

test('the parts that do not fit the format come in their place, with their own content type', async () => {
  const one = await rig.subscribe({ qos: 'at-least-once', configuration: { batch: { format: 'ndjson' } } });
  await arriveTogether(one, ['{"n":1}', '{"n":2}', 'three', '{\n"n":4}', '{"n":5}']);
  const requests = await one.requests(4);
  expect(bodiesOf(requests)).toEqual(['{"n":1}\n{"n":2}\n', 'three', '{\n"n":4}', '{"n":5}\n']);
  expect(requests.map(({ headers }) => headers['content-type'])).toEqual([
    'application/x-ndjson',
    'application/json',
    'application/json',
    'application/x-ndjson',
  ]);
});

describe.each([undefined, 'e'])('at-most-once, dlq: %s', (dlq) => {
  test('a function that dies in the request leaves each message aside, by itself, and a neighbour undisturbed', async () => {
    const one = await rig.subscribe({
      qos: 'at-most-once',
      ...(dlq && { dlq }),
      configuration: { batch: {} },
    });
    const neighbour = await rig.subscribe({ qos: 'at-least-once' });
    rig.receiver.answer(one.path, [{ fault: 'hang' }]);
    await arriveTogether(one, json(6));
    const [request] = await one.requests(1);
    const sent = membersOf(request?.body.toString() ?? '');
    await neighbour.publish('"beside"');
    expect(await rig.crash('deliver', 360)).toBeGreaterThan(0);
    rig.receiver.release({ fault: 'reset' });
    if (dlq === undefined) {
      const held = await rig.held(one.id, sent.length);
      expect(held.map(({ body, reason }) => `${body} ${reason}`).sort()).toEqual(
        sent.map((body) => `${body} lost`),
      );
    } else {
      const letters = await rig.letters(one.id, sent.length);
      expect(letters.map(({ body, reason }) => `${body} ${reason}`)).toEqual(
        sent.map((body) => `${body} lost`),
      );
    }
    await neighbour.requests(1);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
    expect(await rig.pauseOf(neighbour.id)).toBeUndefined();
    const again = bodiesOf(one.received()).slice(1).flatMap(membersOf);
    for (const body of sent) expect(again).not.toContain(body);
  });
});
