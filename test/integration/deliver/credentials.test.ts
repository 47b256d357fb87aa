// Secured callbacks from end to end: the seed's own examples, put as they are, against a receiver that looks at the
// credentials and an OAuth2 server by a library that others judge by.
import { readFileSync } from 'node:fs';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { type OAuthServer, oauthClient, startOAuthServer } from '#test/support/oauth-server.ts';
import { type Rig, type Subscribing, startRig } from '#test/support/rig.ts';
import { startSecuredReceiver } from '#test/support/secured-receiver.ts';

let rig: Rig;
let server: OAuthServer;
let manager: SecretsManagerClient;
beforeAll(async () => {
  // Two clients have two tokens: where the test is about one's token, it has a client of its own.
  const clients = ['a-client-id', 'brief', 'revoked-auto', 'revoked-at-least-once', 'revoked-none'];
  server = await startOAuthServer(
    [...clients, 'revoked-at-most-once', 'waiting'].map((id) =>
      oauthClient(id, { client_secret: 'a-client-secret', token_endpoint_auth_method: 'client_secret_post' }),
    ),
  );
  // One environment a function, so that what one knows is what all know.
  rig = await startRig({ maxEnvironments: 1 });
  manager = new SecretsManagerClient({
    endpoint: rig.set.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
});
afterAll(async () => {
  manager?.destroy();
  await rig?.close();
  await server?.close();
});
beforeEach(() => {
  server.options.lifeSeconds = 600;
  server.options.say = undefined;
});

const sample = z.object({ configuration: z.looseObject({ auth: z.looseObject({ type: z.string() }) }) });

/** The seed's example of a kind, with the receiver's URL in place of example.com, and the server's in place of Gravitee's. */
function seedsExample(kind: string): { auth: object; configuration: object } {
  const text = readFileSync(`events/subscription-auth-${kind}.json`, 'utf8');
  const here = text.replace(/"https:\/\/auth\.gravitee\.io[^"]*"/, JSON.stringify(server.tokenUrl));
  const { configuration } = sample.parse(JSON.parse(here));
  return { auth: configuration.auth, configuration };
}

/** Subscribes a receiver that accepts what `accepts` says, by default any token of the server that is good. */
async function subscribeTo(
  configuration: object,
  { accepts, ...more }: Omit<Subscribing, 'configuration'> & { accepts?: (header?: string) => boolean } = {},
) {
  const callback = await startSecuredReceiver(accepts ?? ((header) => server.accepts(header)));
  onTestFinished(() => callback.close());
  const one = await rig.subscribe({
    ...more,
    configuration: { ...configuration, callbackUrl: callback.url },
  });
  const answers = (count: number) =>
    rig.until(() => (callback.seen.length >= count ? callback.answers() : undefined), `${count} requests`);
  return { ...one, callback, answers };
}

/** The seed's example for a client of its own. */
const oauth2By = (clientId: string) => {
  const { oauth2 } = z.object({ oauth2: z.looseObject({}) }).parse(seedsExample('oauth2').auth);
  return { auth: { type: 'oauth2', oauth2: { ...oauth2, clientId } } };
};
const basicHeader = `Basic ${Buffer.from('username:a-very-secured-password').toString('base64')}`;

const createSecret = (Name: string, SecretString: string) =>
  manager.send(new CreateSecretCommand({ Name, SecretString }));
const putSecret = (SecretId: string, SecretString: string) =>
  manager.send(new PutSecretValueCommand({ SecretId, SecretString }));

describe("the seed's examples, as they are", () => {
  test.each([
    ['basic', (header?: string) => header === basicHeader],
    ['token', (header?: string) => header === 'Bearer eyJraWQiOiJk...'],
    ['oauth2', undefined],
  ])('%s', async (kind, accepts) => {
    const one = await subscribeTo(seedsExample(kind).configuration, accepts ? { accepts } : {});
    await one.publish('hello');
    expect(await one.answers(1)).toEqual([['hello', 200]]);
  });
});

describe('OAuth2', () => {
  test('fifty messages of twenty lanes take one token', async () => {
    const before = server.requests();
    const one = await subscribeTo({ ...seedsExample('oauth2').configuration, maxConcurrentConnections: 20 });
    await one.publishAll(Array.from({ length: 50 }, (_, n) => `m${n}`));
    const answers = await one.answers(50);
    expect(answers.every(([, status]) => status === 200)).toBe(true);
    // The client is one with that of the example above: its token may be known.
    expect(server.requests() - before).toBeLessThanOrEqual(1);
  });

  test('a token that lives one second has expired by the next message, which carries a new one', async () => {
    server.options.lifeSeconds = 1;
    const one = await subscribeTo(oauth2By('brief'), { qos: 'at-least-once' });
    await one.publish('first', { group: 'g' });
    await one.answers(1);
    await rig.until(
      async () => ((await server.accepts(one.callback.seen[0]?.authorization)) ? undefined : true),
      'the end of the first token',
    );
    await one.publish('second', { group: 'g' });
    expect(await one.answers(2)).toEqual([
      ['first', 200],
      ['second', 200],
    ]);
  });

  test.each(['auto', 'at-least-once'])(
    '%s: a token revoked in mid-stream costs one 401 and nothing else',
    async (qos) => {
      const one = await subscribeTo({ ...oauth2By(`revoked-${qos}`), maxConcurrentConnections: 1 }, { qos });
      await one.publishAll(['a', 'b'], 'g');
      await one.answers(2);
      await server.revoke(one.callback.seen[0]?.authorization);
      await one.publishAll(['c', 'd'], 'g');
      expect(await one.answers(5)).toEqual([
        ['a', 200],
        ['b', 200],
        ['c', 401],
        ['c', 200],
        ['d', 200],
      ]);
      expect(one.callback.seen.map(({ attempt }) => attempt)).toEqual(['1', '1', '1', '2', '1']);
      expect(await rig.pauseOf(one.id)).toBeUndefined();
    },
  );

  test.each(['none', 'at-most-once'])(
    '%s: a message with a revoked token is not sent again; the next goes on with a new one',
    async (qos) => {
      const configuration = { ...oauth2By(`revoked-${qos}`), maxConcurrentConnections: 1 };
      const one = await subscribeTo(configuration, { qos, dlq: 'e' });
      await one.publish('a', { group: 'g' });
      await one.answers(1);
      await server.revoke(one.callback.seen[0]?.authorization);
      await one.publishAll(['b', 'c'], 'g');
      expect(await one.answers(3)).toEqual([
        ['a', 200],
        ['b', 401],
        ['c', 200],
      ]);
      expect((await rig.letters(one.id, 1)).map(({ body, status }) => [body, status])).toEqual([['b', 401]]);
      expect(await rig.pauseOf(one.id)).toBeUndefined();
    },
  );

  test('while the token endpoint fails the callback is not called; at-most-once has claimed nothing', async () => {
    server.options.say = () => ({ status: 503 });
    const one = await subscribeTo(oauth2By('waiting'), { qos: 'at-most-once' });
    await one.publish('a', { group: 'g', id: 'order-1' });
    const pause = await rig.paused(one.id, 'outage');
    expect(pause.detail).toMatch(/^no token from http:\/\/127\.0\.0\.1:\d+: it answered 503$/);
    expect(one.callback.seen).toEqual([]);
    server.options.say = undefined;
    await rig.pass(60);
    expect(await one.answers(1)).toEqual([['a', 200]]);
    await rig.going(one.id);
  });
});

describe('a secret', () => {
  test('that is missing is an outage with that reason; when it exists, all messages are delivered', async () => {
    const one = await subscribeTo(
      { auth: { type: 'token', secret: 'webhooks/local/shared/late' } },
      { qos: 'at-least-once', accepts: (header) => header === 'Bearer late' },
    );
    await one.publish('a', { group: 'g' });
    const pause = await rig.paused(one.id, 'outage');
    expect(pause.detail).toBe(
      'the secret webhooks/local/shared/late does not exist: create it, or name another in the item',
    );
    await createSecret('webhooks/local/shared/late', 'late');
    // Past the five seconds in which the failure is answered without asking.
    await rig.until(async () => {
      await rig.pass(60);
      return one.callback.seen.length > 0 || undefined;
    }, 'the delivery');
    expect(one.callback.answers()).toEqual([['a', 200]]);
  });

  test('that was rotated loses no message if the receiver accepts both values, and costs one 401 if not', async () => {
    const rotated = { accepts: ['Bearer old'] };
    const name = 'webhooks/local/shared/rotated';
    await createSecret(name, 'old');
    const one = await subscribeTo(
      { auth: { type: 'token', secret: name }, maxConcurrentConnections: 1 },
      { qos: 'at-least-once', accepts: (header = '') => rotated.accepts.includes(header) },
    );
    await one.publish('a', { group: 'g' });
    await one.answers(1);
    rotated.accepts = ['Bearer old', 'Bearer new'];
    await putSecret(name, 'new');
    await one.publish('b', { group: 'g' });
    await one.answers(2);
    rotated.accepts = ['Bearer new'];
    await one.publishAll(['c', 'd'], 'g');
    expect(await one.answers(5)).toEqual([
      ['a', 200],
      ['b', 200],
      ['c', 401],
      ['c', 200],
      ['d', 200],
    ]);
    expect(await rig.pauseOf(one.id)).toBeUndefined();
  });

  test('that is refused and unchanged pauses the subscription like any 401', async () => {
    await createSecret('webhooks/local/shared/wrong', 'wrong');
    const one = await subscribeTo(
      { auth: { type: 'token', secret: 'webhooks/local/shared/wrong' } },
      { qos: 'at-least-once', accepts: () => false },
    );
    await one.publish('a', { group: 'g' });
    await rig.paused(one.id, 'rejected');
    expect(one.callback.answers()).toEqual([['a', 401]]);
  });
});
