// Signatures at the receiver, judged by libraries that are not ours: both of the specification's, with every key.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { ed25519 } from '@noble/curves/ed25519.js';
import { Webhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimKey } from '#lib/state/keys.ts';
import type { ReceivedRequest } from '#test/support/receiver.ts';
import { QUEUES, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

const hmacKey = (): string => `whsec_${randomBytes(32).toString('base64')}`;

function ed25519Key(): { key: string; publicKey: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const [seed, point] = [privateKey.export({ format: 'jwk' }).d, publicKey.export({ format: 'jwk' }).x];
  const bytes = [seed, point].map((part) => Buffer.from(part ?? '', 'base64url'));
  return { key: `whsk_${Buffer.concat(bytes).toString('base64')}`, publicKey: bytes[1] ?? Buffer.alloc(0) };
}

async function secretOf(value: unknown): Promise<string> {
  const Name = `webhooks/local/shared/${crypto.randomUUID()}`;
  const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
  await rig.set.clients.secrets.send(new CreateSecretCommand({ Name, SecretString }));
  return Name;
}

/** Throws where the request is not signed with the key, by either library. */
function verified({ headers, body }: ReceivedRequest, key: string): void {
  const signed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  new Webhook(key).verify(body.toString(), signed);
  new SvixWebhook(key).verify(body.toString(), signed);
}

function signaturesOf({ headers }: ReceivedRequest, version: string): string[] {
  const all = String(headers['webhook-signature']).split(' ');
  return all.filter((one) => one.startsWith(`${version},`)).map((one) => one.slice(version.length + 1));
}

const isSignedBy = (request: ReceivedRequest, publicKey: Uint8Array): boolean =>
  signaturesOf(request, 'v1a').some((signature) =>
    ed25519.verify(
      Buffer.from(signature, 'base64'),
      Buffer.concat([
        Buffer.from(`${request.headers['webhook-id']}.${request.headers['webhook-timestamp']}.`),
        request.body,
      ]),
      publicKey,
    ),
  );

async function requestOf(one: Subscribed, body = '{"a": 1}'): Promise<ReceivedRequest> {
  await one.publish(body);
  const [request] = await one.requests(1);
  if (request === undefined) throw new Error('no request');
  return request;
}

describe('a request is signed', () => {
  test.each([
    ['the key as value', (key: string) => ({ value: key })],
    ['a list of keys as value', (key: string) => ({ value: [hmacKey(), key] })],
    ['the key and nothing else', (key: string) => key],
  ])('by a secret that holds %s', async (_, held) => {
    const key = hmacKey();
    const one = await rig.subscribe({ configuration: { signing: { secrets: [await secretOf(held(key))] } } });
    verified(await requestOf(one, '{"text": "Grüße, 世界"}'), key);
  });

  test('by one entry of a shared secret', async () => {
    const [acme, other] = [hmacKey(), hmacKey()];
    const shared = await secretOf({ acme, other: { value: other } });
    const signing = { secrets: [`${shared}#acme`, `${shared}#other`] };
    const request = await requestOf(await rig.subscribe({ configuration: { signing } }));
    verified(request, acme);
    verified(request, other);
  });

  test('with every key, symmetric and asymmetric, so that a receiver with any of them accepts it', async () => {
    const [old, young, asymmetric] = [hmacKey(), hmacKey(), ed25519Key()];
    const signing = { secrets: [await secretOf({ value: old })], keys: [young, asymmetric.key] };
    const request = await requestOf(await rig.subscribe({ configuration: { signing } }));
    verified(request, old);
    verified(request, young);
    expect(isSignedBy(request, asymmetric.publicKey)).toBe(true);
    expect(() => verified(request, hmacKey())).toThrow();
    expect(isSignedBy(request, ed25519Key().publicKey)).toBe(false);
  });

  test.each(['', '\u0000\u00ff\u0080 bytes that are no text'])(
    'over the bytes that arrive: %j',
    async (text) => {
      const { key, publicKey } = ed25519Key();
      const one = await rig.subscribe({ configuration: { signing: { keys: [key] } } });
      const bytes = Buffer.from(text, 'latin1');
      await one.publish(bytes.length === 0 ? '=' : bytes.toString('base64'), {
        attributes: { encoding: 'base64' },
      });
      const [request] = await one.requests(1);
      expect(request?.body).toEqual(bytes);
      expect(request && isSignedBy(request, publicKey)).toBe(true);
    },
  );

  test('again on every attempt: with the same id and the time of the attempt', async () => {
    const key = hmacKey();
    const retry = {
      retryOption: 'Retry On Fail',
      retryStrategy: 'LINEAR',
      maxAttempts: 1,
      initialDelaySeconds: 1,
      maxDelaySeconds: 1,
    };
    const one = await rig.subscribe({
      qos: 'at-least-once',
      configuration: { signing: { keys: [key] }, retry },
    });
    rig.receiver.answer(one.path, [{ status: 503 }]);
    await one.publish('{"a": 1}');
    const requests = await one.requests(2);
    for (const request of requests) verified(request, key);
    const [first, second] = requests.map(({ headers }) => headers);
    expect(second?.['webhook-id']).toBe(first?.['webhook-id']);
    expect(Number(second?.['webhook-timestamp'])).toBeGreaterThan(Number(first?.['webhook-timestamp']));
    expect(second?.['webhook-signature']).not.toBe(first?.['webhook-signature']);
  });

  test("and neither a message's header nor a subscription's stands in for the signature", async () => {
    const key = hmacKey();
    const one = await rig.subscribe({ configuration: { signing: { keys: [key] } } });
    await one.publish('{}', {
      attributes: { headers: '{"webhook-signature": "v1,forged", "Webhook-Id": "x"}' },
    });
    const [request] = await one.requests(1);
    expect(request && signaturesOf(request, 'v1')).toHaveLength(1);
    if (request) verified(request, key);
  });
});

describe("a key that can't be read", () => {
  test.each([
    ['does not exist', async () => 'webhooks/local/shared/nobody-made-it', 'does not exist'],
    ['is too short', () => secretOf({ value: 'whsec_c2hvcnQ=' }), 'is too short'],
    ['is none', () => secretOf({ value: 5 }), 'must be text'],
    [
      'is not under that name',
      async () => `${await secretOf({ a: hmacKey() })}#b`,
      'has no entry of the name',
    ],
  ])('since it %s: nothing is sent, nothing claimed, and the subscription waits', async (_, name, detail) => {
    const signing = { secrets: [await secretOf({ value: hmacKey() }), await name()] };
    const one = await rig.subscribe({ qos: 'at-most-once', configuration: { signing } });
    const id = crypto.randomUUID();
    await one.publish('{"a": 1}', { id });
    const pause = await rig.paused(one.id, 'outage');
    expect(pause.detail).toContain(detail);
    expect(one.received()).toHaveLength(0);
    const documents = DynamoDBDocumentClient.from(rig.set.clients.dynamodb);
    const { Item } = await documents.send(
      new GetCommand({
        TableName: rig.set.outputs.StateTableName,
        Key: claimKey(one.id, id),
        ConsistentRead: true,
      }),
    );
    expect(Item).toBeUndefined();
  });

  test('is used as soon as it exists, and waiting messages go out signed', async () => {
    const key = hmacKey();
    const name = await secretOf({ value: 'whsec_' });
    const one = await rig.subscribe({ qos: 'at-most-once', configuration: { signing: { secrets: [name] } } });
    await one.publish('{"a": 1}');
    await rig.paused(one.id, 'outage');
    // It was read in vain a moment ago: within 30 s nobody asks again, but an environment that starts anew.
    const SecretString = JSON.stringify({ value: key });
    await rig.set.clients.secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString }));
    await rig.emptied(QUEUES.deliveries);
    await rig.set.functions.kill('deliver');
    await rig.pass(10);
    const [request] = await one.requests(1);
    if (request) verified(request, key);
    expect(one.received()).toHaveLength(1);
  });
});
