// Offenders that are items of a customer: each is small, and takes much time to parse or to use.
import {
  beginLines,
  encryptedPemWithRounds,
  pkcs12WithKeyRounds,
  pkcs12WithMacRounds,
} from './costly-stores.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { Offence, Offender } from './offender.ts';

const PASSWORD = 'password';

/** No request reaches this address: the expensive work comes before the request. */
const CALLBACK = 'http://127.0.0.1:9/';
const OVER_TLS = 'https://127.0.0.1:9/';

/** Puts one item with a topic of its own. `deliver` has read the item when the subscription is paused. */
async function oneItem(
  { putSubscription, publish, pauseReason }: Neighbourhood,
  configuration: Record<string, unknown>,
): Promise<Offence> {
  await putSubscription({ id: 'offender', topic: 'offender', configuration });
  return {
    send: () => publish({ topic: 'offender', count: 5 }),
    isSeen: async () => (await pauseReason('offender')) !== undefined,
  };
}

const item = (
  name: string,
  configurationOf: () => Record<string, unknown>,
  more: Partial<Offender> = {},
): Offender => ({
  name,
  kind: 'items',
  everyMs: 1_000,
  ...more,
  start: (neighbourhood) => oneItem(neighbourhood, configurationOf()),
});

const keyStore = (content: string) => ({
  callbackUrl: OVER_TLS,
  ssl: { keyStore: { type: 'PKCS12', content, password: PASSWORD } },
});

/** Items of the neighbours' own topic: each message of the neighbours is for them too. */
const onTheirTopic = (name: string, count: number, item: Record<string, unknown>): Offender => ({
  name,
  kind: 'items',
  everyMs: 1_000,
  async start({ putSubscription, pauseReason, topic }) {
    for (let index = 0; index < count; index++) {
      await putSubscription({ id: `offender-${index}`, topic, ...item });
    }
    return {
      // The neighbours' own messages are its load.
      async send() {},
      isSeen: async () => (await pauseReason('offender-0')) !== undefined,
    };
  },
});

const keys = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index % 10]));

export const ITEMS: readonly Offender[] = [
  {
    name: 'a callback URL with 26 secrets of one letter, and an answer that is this letter',
    kind: 'items',
    everyMs: 1_000,
    async start({ putSubscription, publish, serve }) {
      const server = await serve({ status: 400, body: 'e'.repeat(200) });
      const callbackUrl = `${server.url}/?${Array.from({ length: 26 }, () => 'key=e').join('&')}`;
      // With a place for its dead letters the subscription goes on.
      const dlq = { endpoint: 'undeliverable' };
      await putSubscription({ id: 'offender', topic: 'offender', dlq, configuration: { callbackUrl } });
      return {
        send: () => publish({ topic: 'offender', count: 5 }),
        isSeen: async () => (await server.count()) > 0,
      };
    },
  },
  item('a PKCS#12 store whose MAC asks for two billion rounds', () =>
    keyStore(pkcs12WithMacRounds(2_000_000_000, PASSWORD)),
  ),
  item('a PKCS#12 store whose key asks for two billion rounds', () =>
    keyStore(pkcs12WithKeyRounds(2_000_000_000, PASSWORD)),
  ),
  item('an encrypted PEM key that asks for ten million rounds', () => ({
    callbackUrl: CALLBACK,
    auth: {
      type: 'jwtProfileOauth2',
      jwtProfileOauth2: {
        issuer: 'offender',
        subject: 'offender',
        audience: CALLBACK,
        expirationTime: 30,
        expirationTimeUnit: 'SECONDS',
        signatureAlgorithm: 'RSA_RS256',
        keySource: 'INLINE',
        keyContent: encryptedPemWithRounds(10_000_000, PASSWORD),
        keystoreOptions: { keyPassword: PASSWORD },
      },
    },
  })),
  item('a trust store of lines that begin a certificate', () => ({
    callbackUrl: OVER_TLS,
    ssl: { trustStore: { type: 'PEM', content: beginLines(60_000) } },
  })),
  onTheirTopic('five items of 30,000 unknown keys on the same topic', 5, {
    ...keys(30_000),
    configuration: { callbackUrl: CALLBACK },
  }),
  onTheirTopic('twenty items with a text of 350 KB on the same topic', 20, {
    description: '\\"'.repeat(175_000),
    configuration: { callbackUrl: CALLBACK },
  }),
  onTheirTopic('forty items just under the limits, with 480 unknown keys, on the same topic', 40, {
    ...keys(480),
    configuration: { callbackUrl: CALLBACK, headers: { name: 'x'.repeat(50_000) } },
  }),
];
