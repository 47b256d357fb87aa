// What test:aws sees: each scenario of the deploy tests that needs no Kafka, against a receiver that is a function with a URL.
import { strict as assert } from 'node:assert';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { recordOf } from '#lib/local/sqs-event.ts';
import { decodeDeadLetter } from '#lib/message/attribute.ts';
import { mostAtOnce } from './receiver.ts';
import type { World } from './world.ts';

export type Scenario = {
  readonly name: string;
  /** Deliveries that it makes at least, for the estimate and the wait for log lines. */
  readonly deliveries: number;
  /** Returns what was seen, as a sentence. Throws when it is not as it should be. */
  readonly run: (world: World) => Promise<string>;
};

const bodies = (count: number): string[] => Array.from({ length: count }, (_, n) => `{"n":${n}}`);

const BURST = 300;
const GROUPS = 60;

export const SCENARIOS: readonly Scenario[] = [
  ...(['none', 'auto'] as const).map(
    (qos): Scenario => ({
      name: `${qos}: published messages arrive`,
      deliveries: 10,
      async run({ subscribe, publish, requests }) {
        await subscribe(qos, qos);
        const sent = bodies(10);
        for (const body of sent) await publish(body, { topic: qos });
        const seen = await requests(qos, sent.length);
        const distinct = new Set(seen.map(({ body }) => body));
        assert.deepEqual([...distinct].sort(), sent);
        return `${distinct.size} of ${sent.length} messages, ${seen.length - distinct.size} twice`;
      },
    }),
  ),
  ...(['at-most-once', 'at-least-once'] as const).map(
    (qos): Scenario => ({
      name: `${qos}: messages of one group arrive in order, one at a time`,
      deliveries: 10,
      async run({ subscribe, publish, requests }) {
        await subscribe(qos, qos);
        const sent = bodies(10);
        for (const body of sent) await publish(body, { topic: qos, group: qos });
        const seen = await requests(qos, sent.length);
        assert.deepEqual(
          seen.map(({ body }) => body),
          sent,
        );
        assert.equal(mostAtOnce(seen), 1);
        return `${seen.length} in order, ${mostAtOnce(seen)} at once`;
      },
    }),
  ),
  {
    name: 'a burst in many groups arrives, each group in order',
    deliveries: BURST,
    async run({ subscribe, publish, requests }) {
      await subscribe('burst', 'auto');
      const sent = Array.from({ length: BURST }, (_, n) => ({
        group: n % GROUPS,
        n: Math.floor(n / GROUPS),
      }));
      // A group's messages are sent one after the other, and the groups side by side.
      await Promise.all(
        Array.from({ length: GROUPS }, async (_, group) => {
          for (const one of sent.filter((message) => message.group === group))
            await publish(JSON.stringify(one), { topic: 'burst', group: `g${group}` });
        }),
      );
      const seen = await requests('burst', BURST, 300_000);
      const last = new Map<number, number>();
      // A message that came twice counts where it came first.
      for (const body of new Set(seen.map((request) => request.body))) {
        const { group, n } = JSON.parse(body);
        assert.ok(n >= (last.get(group) ?? 0), `group ${group}: message ${n} came after ${last.get(group)}`);
        last.set(group, n);
      }
      const first = Math.min(...seen.map(({ arrivedAt }) => arrivedAt));
      const seconds = (Math.max(...seen.map(({ endedAt }) => endedAt)) - first) / 1_000;
      return `${seen.length} in ${GROUPS} groups within ${seconds.toFixed(1)} s, ${mostAtOnce(seen)} at once`;
    },
  },
  {
    name: 'credentials from a secret are sent',
    deliveries: 1,
    async run({ stage, secrets, subscribe, publish, requests }) {
      const secret = `webhooks/${stage}/secret`;
      await secrets.send(
        new CreateSecretCommand({
          Name: secret,
          SecretString: JSON.stringify({ username: 'u', password: 'p' }),
        }),
      );
      await subscribe('secret', 'auto', { configuration: { auth: { type: 'basic', secret } } });
      await publish('{}', { topic: 'secret' });
      const [seen] = await requests('secret', 1);
      assert.equal(seen?.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
      return 'the receiver got them';
    },
  },
  {
    name: 'an outage: messages wait in the backlog, and arrive in order after it',
    deliveries: 7,
    async run({ subscribe, publish, requests, pause }) {
      await subscribe('outage', 'at-least-once', {
        // The first one begins the outage, and the second one is a probe. Each further probe would come twice as late.
        answers: [503, 503],
        configuration: { retry: { retryOption: 'No Retry' } },
      });
      const sent = bodies(5);
      for (const body of sent) await publish(body, { topic: 'outage', group: 'outage' });
      const reason = await pause('outage');
      const seen = (await requests('outage', 7, 240_000)).map(({ body }) => body);
      assert.deepEqual(seen.slice(2), sent);
      return `paused (${reason}), 2 refused, then ${sent.length} in order`;
    },
  },
  {
    name: 'a rejected message goes to its endpoint with the reason, is redriven and delivered',
    deliveries: 2,
    async run({ stage, sqs, lettersUrl, until, putEndpoint, subscribe, publish, requests, ask }) {
      await putEndpoint({ name: 'letters', type: 'sqs', configuration: { queueUrl: lettersUrl } });
      await subscribe('rejected', 'at-least-once', { answers: [422], dlq: { endpoint: 'letters' } });
      await publish('{"n":0}', { topic: 'rejected', group: 'rejected', id: `order-of-${stage}` });
      const letter = await until('the dead letter', async () => {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: lettersUrl,
            WaitTimeSeconds: 2,
            VisibilityTimeout: 0,
            MessageAttributeNames: ['All'],
          }),
        );
        return Messages[0];
      });
      const decoded = decodeDeadLetter(recordOf(letter, '').messageAttributes);
      assert.ok(decoded.ok && decoded.value.reason === 'rejected' && decoded.value.status === 422);
      const answer = await ask('redrive', { endpoint: 'letters', maxSeconds: 20 });
      assert.deepEqual(
        (await requests('rejected', 2)).map(({ body }) => body),
        ['{"n":0}', '{"n":0}'],
      );
      return `dead letter 422 rejected, then ${JSON.stringify(answer)}`;
    },
  },
  {
    name: 'a rejection without an endpoint stops the subscription, and a resume delivers in order',
    deliveries: 4,
    async run({ subscribe, publish, requests, pause, ask }) {
      await subscribe('stopped', 'at-least-once', { answers: [422] });
      const sent = bodies(3);
      for (const body of sent) await publish(body, { topic: 'stopped', group: 'stopped' });
      const reason = await pause('stopped');
      assert.equal(reason, 'rejected');
      await ask('resume', { subscription: 'stopped', action: 'resume' });
      const seen = (await requests('stopped', 4)).map(({ body }) => body);
      assert.deepEqual(seen.slice(1), sent);
      return `stopped (${reason}), then ${sent.length} in order`;
    },
  },
];
