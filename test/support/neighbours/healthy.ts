// Healthy subscriptions beside an offender, one of each quality of service, and what has to hold of them whatever the
// offender does.
import { expect } from 'vitest';
import { startBeside } from '#test/bench/beside.ts';
import { bodiesOf, numbered, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';
import { createNeighbourhood } from './neighbourhood.ts';
import type { Offender } from './offender.ts';

const TOPIC = 'neighbours';
const QOS = ['none', 'auto', 'at-most-once', 'at-least-once'];
const ROUNDS = 4;
const A_ROUND = 5;
const BODIES = numbered(ROUNDS * A_ROUND);
const SECRET = 'webhooks/local/healthy-at-least-once';
const CREDENTIALS = { username: 'healthy', password: 'of the healthy' };
const ENTRIES = {
  token: { value: 'of-the-healthy' },
  signing: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
};
/** A test that fails ends here, and not at the timeout of vitest. */
const PATIENCE_MS = 40_000;

/** Runs an offender beside healthy subscriptions on a set of its own, and expects that they notice nothing. */
export async function expectHealthyBeside(offender: Offender): Promise<void> {
  const { environments: maxEnvironments = 3, environment = {}, healthyHost } = offender;
  // The emulated DynamoDB is a process of its own, so its work on an item does not delay the functions.
  const dynamodb = await startBeside('./dynamodb.ts');
  const rig = await startRig({ maxEnvironments, environment, dynamodbUrl: dynamodb.told });
  const failures: string[] = [];
  rig.set.functions.onInvocation(({ function: name, result }) => {
    if (!result.ok) failures.push(`${name}: ${result.errorType}: ${result.errorMessage}`);
  });
  const neighbourhood = createNeighbourhood(
    rig.set,
    { topic: TOPIC, healthySecret: SECRET },
    rig.set.functions.invoke,
  );
  try {
    await neighbourhood.putSecret(SECRET, CREDENTIALS);
    await neighbourhood.putSecret(`${SECRET}/entries`, ENTRIES);
    const healthy = await Promise.all(
      QOS.map((qos) =>
        rig.subscribe({
          id: `healthy-${qos}`,
          topic: TOPIC,
          qos,
          configuration: {
            ...(qos === 'at-least-once' && { auth: { type: 'basic', secret: SECRET } }),
            ...(healthyHost && {
              callbackUrl: `http://${healthyHost}:${new URL(rig.receiver.url).port}/healthy-${qos}`,
            }),
          },
        }),
      ),
    );
    const offence = await offender.start(neighbourhood);
    const publish = (round: number) =>
      healthy[0]?.publishAll(BODIES.slice(round * A_ROUND, (round + 1) * A_ROUND), TOPIC);

    // The first round is in the queue as a whole before any of it is delivered, so that batches mix both.
    await rig.whilePaused('webhooks-local-deliveries.fifo', async () => {
      await Promise.all([offence.send(), publish(0)]);
      await rig.until(() => isRouted(rig), 'the first round routed', PATIENCE_MS);
    });
    for (let round = 1; round < ROUNDS; round++) await Promise.all([offence.send(), publish(round)]);
    await expectAllDelivered(rig, healthy, { shared: (offender.sharedMessages ?? 0) * ROUNDS });
    await rig.until(
      async () => (await offence.isSeen()) || undefined,
      `${offender.name} is met`,
      PATIENCE_MS,
    );

    expect((await offence.violations?.()) ?? []).toEqual([]);
    for (const { id } of healthy) await expectUntroubled(rig, id);
    expect(failures).toEqual([]);
  } finally {
    neighbourhood.close();
    await rig.close();
    dynamodb.close();
  }
}

const isRouted = ({ sqs, set }: Rig): true | undefined => {
  const waiting = ['webhooks-local-messages', 'webhooks-local-messages.fifo'].some((name) => {
    const { visible, inFlight } = sqs.queue(name).counts();
    return visible + inFlight > 0;
  });
  // An offender may keep other functions busy.
  const isRouting = set.functions.running().some(({ function: name }) => name.endsWith('-route'));
  return waiting || isRouting ? undefined : true;
};

/** Every message came once, in its first attempt, in order where the quality of service keeps it. */
async function expectAllDelivered(
  rig: Rig,
  healthy: readonly Subscribed[],
  { shared }: { readonly shared: number },
): Promise<void> {
  for (const [index, one] of healthy.entries()) {
    // If a healthy subscription is paused, the test has failed. No message will come, so do not wait for one.
    const requests = await rig.until(
      async () => {
        expect(await rig.pauseOf(one.id), `${one.id} is paused`).toBeUndefined();
        return one.received().length >= BODIES.length + shared ? one.received() : undefined;
      },
      `${BODIES.length + shared} messages at ${one.id}`,
      PATIENCE_MS,
    );
    const bodies = bodiesOf(requests);
    const own = bodies.filter((body) => BODIES.includes(body));
    const isOrdered = QOS[index]?.startsWith('at-');
    expect(isOrdered ? own : own.sort(), one.id).toEqual(BODIES);
    expect(bodies.length - own.length, `${one.id}: the offender's messages`).toBe(shared);
    expect(requests.filter(({ headers }) => headers['webhook-attempt'] !== '1')).toEqual([]);
  }
}

/** Expects that the subscription is not paused and never was, and that it has no held message and no dead letter. */
async function expectUntroubled(rig: Rig, id: string): Promise<void> {
  expect(await rig.pauseOf(id), `${id} is paused`).toBeUndefined();
  const pauses = rig.set.events.list().filter((event) => {
    const { detail, 'detail-type': type } = event;
    return type === 'subscription.paused' && 'subscription' in detail && detail.subscription === id;
  });
  expect(pauses, `${id} was paused`).toEqual([]);
  expect(await rig.heldOf(id), `held of ${id}`).toEqual([]);
  expect(await rig.lettersOf(id), `dead letters of ${id}`).toEqual([]);
}
