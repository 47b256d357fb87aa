// Offenders that try to use other customers' secrets and addresses, and messages that harm the subscriptions that get them.
import type { Neighbourhood } from './neighbourhood.ts';
import type { Offender } from './offender.ts';

type Item = { readonly configuration: object; readonly dlq?: object };

/** The item names what belongs to others: it is refused, and nothing comes to the offender's receiver. */
const foreign = (
  name: string,
  itemOf: (neighbourhood: Neighbourhood) => Item | Promise<Item>,
  refusal: RegExp,
): Offender => ({
  name,
  kind: 'secrets',
  async start(neighbourhood) {
    const { putSubscription, publish, pauseReason, pauseDetail, serve } = neighbourhood;
    const server = await serve({ status: 204 });
    const { configuration, ...item } = await itemOf(neighbourhood);
    await putSubscription({
      id: 'offender',
      topic: 'offender',
      ...item,
      configuration: { callbackUrl: server.url, ...configuration },
    });
    return {
      send: () => publish({ topic: 'offender' }),
      isSeen: async () => (await pauseReason('offender')) !== undefined || (await server.count()) > 0,
      async violations() {
        const detail = (await pauseDetail('offender')) ?? '';
        const heads = await server.heads();
        return [
          ...(refusal.test(detail) ? [] : [`it was not refused: ${detail}`]),
          ...(heads === '' ? [] : [`the offender's receiver got:\n${heads.slice(0, 500)}`]),
        ];
      },
    };
  },
});

/** The item names the secret of a healthy subscription. */
const foreignSecret = (
  name: string,
  configurationOf: (secret: string) => Record<string, unknown>,
): Offender =>
  foreign(
    name,
    ({ healthySecret }) => ({ configuration: configurationOf(healthySecret) }),
    /names a secret that belongs to others/,
  );

export const OTHERS: readonly Offender[] = [
  foreignSecret("an item that names another's credentials", (secret) => ({
    auth: { type: 'basic', secret },
  })),
  foreignSecret("an item that names another's credentials by ARN", (secret) => ({
    auth: { type: 'basic', secret: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${secret}` },
  })),
  foreignSecret("an item that names one entry of another's secret", (secret) => ({
    auth: { type: 'token', secret: `${secret}/entries#token` },
  })),
  foreignSecret("an item that names another's OAuth2 client", (secret) => ({
    auth: { type: 'oauth2', secret: `${secret}/entries#client` },
  })),
  foreignSecret("an item that names another's key store", (secret) => ({
    callbackUrl: 'https://127.0.0.1:9/',
    ssl: { keyStore: { type: 'PKCS12', secret: `${secret}/entries#store` } },
  })),
  foreignSecret("an item that signs with another's key", (secret) => ({
    signing: { secrets: [`${secret}/entries#signing`] },
  })),
  foreign(
    "an item whose dead letters go to another's endpoint",
    async ({ putEndpoint }) => {
      const queueArn = 'arn:aws:sqs:us-east-1:000000000000:letters';
      await putEndpoint({ name: 'letters', type: 'sqs', tenant: 'healthy', configuration: { queueArn } });
      return { configuration: {}, dlq: { endpoint: 'letters' } };
    },
    /names an endpoint of another tenant/,
  ),
  {
    name: 'a message with 17 KB of headers on the same topic',
    kind: 'messages',
    sharedMessages: 1,
    async start({ publish, topic }) {
      const headers = JSON.stringify({ 'x-long': 'v'.repeat(17_000) });
      return {
        send: () => publish({ topic, body: 'of the offender', attributes: { headers } }),
        isSeen: async () => true,
      };
    },
  },
];
