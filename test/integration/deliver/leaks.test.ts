// Nothing leaks: every credential there is is marked, every way to fail is gone, and then all that came out is searched:
// logs, metrics, dead letters, undeliverable, events, the state table, and what resume tells. Tables of items and
// Secrets Manager are where they belong.
import { randomBytes } from 'node:crypto';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RawServer, rawServer } from '#test/support/raw-server.ts';
import { type Rig, type Subscribing, startRig } from '#test/support/rig.ts';
import { STORE_PASSWORD, store } from '#test/support/tls/private.ts';

let rig: Rig;
let callback: RawServer;
let tokens: RawServer;
let slow: RawServer;

/** Every marked text there is. */
const marks: string[] = [];
function mark(): string {
  const text = `MaRkEd${randomBytes(9).toString('hex')}`;
  marks.push(text);
  return text;
}
function marked(prefix: string, bytes = 32): string {
  const key = randomBytes(bytes).toString('base64');
  marks.push(key);
  return `${prefix}${key}`;
}

const answer = (status: number, body: string, type = 'text/plain') =>
  `HTTP/1.1 ${status} X\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

beforeAll(async () => {
  // Repeats the whole request: as it was, in JSON, and with what Basic decodes to.
  const echo = (head: string, body: Buffer): string => {
    const basic = /^authorization: basic (\S+)/im.exec(head)?.[1];
    const decoded = Buffer.from(basic ?? '', 'base64').toString();
    return [decoded, JSON.stringify({ head }), head, encodeURIComponent(head), body].join('\n');
  };
  [rig, callback, tokens, slow] = await Promise.all([
    startRig(),
    rawServer({
      onRequest: (socket, _, { head, body }) =>
        void socket.write(answer(Number(/^POST \/(\d+)/.exec(head)?.[1]), echo(head, body))),
    }),
    rawServer({
      onRequest(socket, _, { head, body }) {
        const way = /^POST \/(\w+)/.exec(head)?.[1];
        if (way === 'good')
          socket.write(answer(200, `{"access_token":"${mark()}","token_type":"bearer"}`, 'application/json'));
        else if (way === 'odd')
          socket.write(answer(200, `{"access_token":["${mark()}"],"x":"${body}"}`, 'application/json'));
        else if (way === 'refused')
          socket.write(
            answer(
              400,
              JSON.stringify({ error: 'invalid_client', error_description: String(body) }),
              'application/json',
            ),
          );
        else if (way === 'named')
          socket.write(answer(401, JSON.stringify({ error: `${body}` }), 'application/json'));
        else if (way === 'broken') socket.write(answer(500, `${head}${body}`));
        else socket.destroy();
      },
    }),
    // Reads and never answers.
    rawServer({}),
  ]);
});
afterAll(() => Promise.all([rig?.close(), callback?.close(), tokens?.close(), slow?.close()]));

async function secretOf(value: unknown): Promise<string> {
  const Name = `webhooks/local/shared/${crypto.randomUUID()}`;
  const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
  await rig.set.clients.secrets.send(new CreateSecretCommand({ Name, SecretString }));
  return Name;
}

const basic = () => ({ type: 'basic', basic: { username: mark(), password: mark() } });
const oauth2 = (way: string) => ({
  type: 'oauth2',
  oauth2: {
    endpoint: `http://127.0.0.1:${tokens.port}/${way}?key=${mark()}`,
    clientId: mark(),
    clientSecret: mark(),
  },
});
const jwtProfile = (way: string) => ({
  type: 'jwtProfileOauth2',
  jwtProfileOauth2: {
    issuer: mark(),
    subject: mark(),
    audience: `http://127.0.0.1:${tokens.port}/${way}?key=${mark()}`,
    signatureAlgorithm: 'HMAC_HS256',
    // An HMAC key has 32 bytes at least.
    keyContent: `${mark()}${mark()}`,
    customClaims: [{ name: 'c', value: mark() }],
  },
});
const toCallback = (status: number) => ({
  callbackUrl: `http://127.0.0.1:${callback.port}/${status}?token=${mark()}&x=${mark()}`,
  headers: [
    { name: 'x-api-key', value: mark() },
    { name: 'x-other', value: mark() },
  ],
});
const NO_RETRY = { retryOption: 'No Retry' };
const gone = 'http://127.0.0.1:9/';

type Case = [what: string, reason: string | undefined, subscribing: () => Promise<Subscribing> | Subscribing];

const cases: Case[] = [
  // What the callback says, with all of our request in it.
  ['a 400 with a dlq', 'letter', () => ({ dlq: 'e', configuration: { ...toCallback(400), auth: basic() } })],
  ['a 400 without one', 'rejected', () => ({ configuration: { ...toCallback(400), auth: basic() } })],
  [
    'a 401 to a token',
    'letter',
    () => ({
      dlq: 'e',
      configuration: { ...toCallback(401), auth: { type: 'token', token: { value: mark() } } },
    }),
  ],
  [
    'a 401 to a token of OAuth2',
    'letter',
    () => ({
      dlq: 'e',
      configuration: { ...toCallback(401), auth: oauth2('good') },
    }),
  ],
  [
    'a 401 to a token of a JWT profile',
    'letter',
    () => ({
      dlq: 'e',
      configuration: { ...toCallback(401), auth: jwtProfile('good') },
    }),
  ],
  [
    'a 410 with signatures',
    'letter',
    () => ({
      dlq: 'e',
      configuration: { ...toCallback(410), signing: { keys: [marked('whsec_'), marked('whsk_')] } },
    }),
  ],
  ['a 500', 'outage', () => ({ configuration: { ...toCallback(500), auth: basic(), retry: NO_RETRY } })],
  [
    'a 500 under at-most-once',
    'held',
    () => ({
      qos: 'at-most-once',
      configuration: { ...toCallback(500), auth: basic() },
    }),
  ],
  [
    'a 503 that goes to the dlq',
    'letter',
    () => ({
      dlq: 'e',
      configuration: {
        ...toCallback(503),
        auth: basic(),
        retry: NO_RETRY,
        interruptConsumptionOnServerError: false,
      },
    }),
  ],
  [
    'a timeout under at-most-once',
    'held',
    () => ({
      qos: 'at-most-once',
      configuration: {
        ...toCallback(200),
        callbackUrl: `http://127.0.0.1:${slow.port}/?token=${mark()}`,
        auth: basic(),
        http: { readTimeout: 200 },
      },
    }),
  ],
  // No way to it.
  [
    'no connection',
    'outage',
    () => ({
      configuration: {
        ...toCallback(200),
        callbackUrl: `${gone}?token=${mark()}`,
        auth: basic(),
        retry: NO_RETRY,
      },
    }),
  ],
  [
    'no TLS',
    'outage',
    () => ({
      configuration: {
        callbackUrl: `https://127.0.0.1:${callback.port}/200?token=${mark()}`,
        retry: NO_RETRY,
        ssl: { keyStore: { type: 'PKCS12', content: store('openssl-ec.p12'), password: STORE_PASSWORD } },
      },
    }),
  ],
  [
    'a store of another password',
    'outage',
    () => ({
      configuration: {
        callbackUrl: `https://127.0.0.1:${callback.port}/200`,
        retry: NO_RETRY,
        ssl: { keyStore: { type: 'PKCS12', content: store('openssl-ec.p12'), password: mark() } },
      },
    }),
  ],
  [
    'no proxy',
    'outage',
    () => ({
      configuration: {
        ...toCallback(200),
        retry: NO_RETRY,
        proxy: { enabled: true, host: '127.0.0.1', port: 9, username: mark(), password: mark() },
      },
    }),
  ],
  [
    'a proxy that repeats what it got',
    'outage',
    async () => ({
      configuration: {
        callbackUrl: `https://127.0.0.1:1/?token=${mark()}`,
        retry: NO_RETRY,
        proxy: {
          enabled: true,
          host: '127.0.0.1',
          port: callback.port,
          secret: await secretOf({ username: mark(), password: mark() }),
        },
      },
    }),
  ],
  // No token.
  ...['refused', 'named', 'broken', 'odd', 'cut'].flatMap((way): Case[] => [
    [
      `a token endpoint: ${way}`,
      'outage',
      () => ({ configuration: { ...toCallback(200), auth: oauth2(way), retry: NO_RETRY } }),
    ],
    [
      `a token endpoint for a JWT profile: ${way}`,
      'outage',
      () => ({
        configuration: { ...toCallback(200), auth: jwtProfile(way), retry: NO_RETRY },
      }),
    ],
  ]),
  [
    'a token endpoint that is not there, for a secret',
    'outage',
    async () => {
      const { oauth2: credentials } = oauth2('good');
      const secret = await secretOf({ ...credentials, endpoint: `${gone}?key=${mark()}` });
      return { configuration: { ...toCallback(200), auth: { type: 'oauth2', secret }, retry: NO_RETRY } };
    },
  ],
  // No secret.
  [
    'a secret that is not there',
    'outage',
    () => ({
      configuration: {
        ...toCallback(200),
        auth: { type: 'basic', secret: 'webhooks/local/shared/none' },
        retry: NO_RETRY,
      },
    }),
  ],
  [
    'a secret of another shape',
    'outage',
    async () => ({
      configuration: {
        ...toCallback(200),
        auth: {
          type: 'basic',
          secret: await secretOf({ [mark()]: mark(), username: [mark()], password: mark() }),
        },
        retry: NO_RETRY,
      },
    }),
  ],
  [
    'a secret that is text alone',
    'outage',
    async () => ({
      configuration: {
        ...toCallback(200),
        auth: { type: 'oauth2', secret: await secretOf(mark()) },
        retry: NO_RETRY,
      },
    }),
  ],
  [
    'a signing key that is none',
    'outage',
    async () => ({
      configuration: {
        ...toCallback(200),
        signing: { secrets: [await secretOf({ value: mark() })] },
        retry: NO_RETRY,
      },
    }),
  ],
  [
    'proxy credentials that are none',
    'outage',
    async () => ({
      configuration: {
        ...toCallback(200),
        retry: NO_RETRY,
        proxy: {
          enabled: true,
          host: '127.0.0.1',
          port: 9,
          secret: await secretOf({ user: mark(), password: [mark()] }),
        },
      },
    }),
  ],
  // Items that are wrong.
  [
    'an item with credentials of another shape',
    'invalid-config',
    () => ({
      configuration: {
        ...toCallback(200),
        auth: { type: 'basic', basic: { user: mark(), [mark()]: mark() } },
      },
    }),
  ],
  [
    'an item with credentials in a URL',
    'invalid-config',
    () => ({
      configuration: { callbackUrl: `https://${mark()}:${mark()}@hooks.example.com/?token=${mark()}` },
    }),
  ],
  [
    'an item with bad keys, stores and proxy',
    'invalid-config',
    () => ({
      configuration: {
        ...toCallback(200),
        signing: { keys: [`whsec_${mark()}!`] },
        ssl: { keyStore: { type: 'PKCS12', content: `*${mark()}`, password: mark() } },
        proxy: { enabled: true, host: `${mark()} x`, port: 1, username: mark(), password: mark() },
      },
    }),
  ],
];

const ids = new Map<string, string>();

test.each(cases)('%s comes to its end', async (what, reason, subscribing) => {
  const { configuration, ...rest } = await subscribing();
  // As much as can be logged.
  const logging = { bodies: 'all', excerptBytes: 4_096 };
  const one = await rig.subscribe({
    qos: 'at-least-once',
    ...rest,
    configuration: { logging, ...configuration },
  });
  ids.set(one.id, what);
  await one.publish('{"shipment": 1}');
  if (reason === 'held') await rig.held(one.id, 1);
  else if (reason === 'letter')
    await rig.until(
      () =>
        rig.set.lines.some(
          (line) => line.includes('delivery.dead-lettered') && line.includes(`"${one.id}"`),
        ) || undefined,
      'a dead letter',
    );
  else await rig.paused(one.id, reason ?? '');
});

test('the backlog of a deleted subscription goes to undeliverable', async () => {
  const id = `gone${crypto.randomUUID()}`;
  await rig.deliver('{"shipment": 2}', { subscription: id });
  await rig.until(
    () => rig.set.lines.some((line) => line.includes('unsubscribed') && line.includes(id)) || undefined,
    'an undeliverable message',
  );
});

test('no output contains a credential', async () => {
  // A marker: what is logged of it comes after what is logged of all others.
  const last = await rig.subscribe();
  await last.publish('{}');
  await last.requests(1);
  await rig.until(
    () => rig.set.lines.some((line) => line.includes(`"${last.id}"`)) || undefined,
    'the marker',
  );
  await rig.set.functions.invoke('resume', { action: 'status' });
  const told = [];
  for (const id of ids.keys()) {
    for (const action of ['status', 'list-held']) {
      told.push(await rig.set.functions.invoke('resume', { subscription: id, action }));
    }
  }
  const documents = DynamoDBDocumentClient.from(rig.set.clients.dynamodb);
  const { Items = [] } = await documents.send(new ScanCommand({ TableName: rig.set.outputs.StateTableName }));
  const out: Record<string, readonly unknown[]> = {
    'logs and metrics': rig.set.lines,
    events: rig.set.events.list(),
    'dead letters': await messagesOn('DeadLettersQueueUrl'),
    undeliverable: await messagesOn('UndeliverableQueueUrl'),
    'the state table': Items,
    'what resume tells': told,
  };
  // All of it is there: what is searched is not empty.
  expect(out['logs and metrics']?.some((line) => String(line).includes('"_aws"'))).toBe(true);
  expect(out['logs and metrics']?.some((line) => String(line).includes('"answerBody":"'))).toBe(true);
  expect(out.events?.length).toBeGreaterThan(15);
  expect(out['dead letters']).toHaveLength(cases.filter(([, reason]) => reason === 'letter').length);
  expect(JSON.stringify(out['dead letters'])).toContain('[redacted]');
  expect(out.undeliverable).toHaveLength(1);
  expect(Items.length).toBeGreaterThan(30);
  expect(marks.length).toBeGreaterThan(150);

  const leaks = Object.entries(out).flatMap(([where, things]) =>
    things.flatMap((thing) => {
      const text = typeof thing === 'string' ? thing : JSON.stringify(thing);
      const leaked = marks.flatMap(spellings).find((spelling) => text.includes(spelling));
      return leaked === undefined ? [] : [`${where}: ${leaked} in ${text.slice(0, 2_000)}`];
    }),
  );
  expect(leaks).toEqual([]);
});

/** As it is, in a URL, in JSON, and inside any base64, wherever it begins there. */
function spellings(text: string): string[] {
  const inBase64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(`${'x'.repeat(offset)}${text}`).toString('base64');
    return encoded.slice(offset === 0 ? 0 : 4, -4);
  });
  return [text, encodeURIComponent(text), text.replaceAll('/', '\\/'), ...inBase64];
}

async function messagesOn(output: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (;;) {
    const { Messages = [] } = await rig.set.clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: rig.set.outputs[output],
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        MessageAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return found;
    found.push(...Messages.map(({ Body, MessageAttributes }) => ({ Body, MessageAttributes })));
  }
}
