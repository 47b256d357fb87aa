// Offenders that try to use other customers' secrets and addresses, and messages that harm the subscriptions that get them.
import type { Neighbourhood } from './neighbourhood.ts';
import type { Offender } from './offender.ts';

/** The item names the secret of a healthy subscription: nothing of it may come to the offender's receiver. */
const foreignSecret = (
  name: string,
  configurationOf: (secret: string) => Record<string, unknown>,
): Offender => ({
  name,
  kind: 'secrets',
  async start({ putSubscription, publish, pauseReason, serve, healthySecret }: Neighbourhood) {
    const server = await serve({ status: 204 });
    await putSubscription({
      id: 'offender',
      topic: 'offender',
      configuration: { callbackUrl: server.url, ...configurationOf(healthySecret) },
    });
    return {
      send: () => publish({ topic: 'offender' }),
      isSeen: async () => (await pauseReason('offender')) !== undefined || (await server.count()) > 0,
      async violations() {
        const heads = await server.heads();
        return heads === '' ? [] : [`the offender's receiver got:\n${heads.slice(0, 500)}`];
      },
    };
  },
});

export const OTHERS: readonly Offender[] = [
  foreignSecret("an item that names another's credentials", (secret) => ({
    auth: { type: 'basic', secret },
  })),
  foreignSecret("an item that names one entry of another's secret", (secret) => ({
    auth: { type: 'token', secret: `${secret}/entries#token` },
  })),
  foreignSecret("an item that signs with another's key", (secret) => ({
    signing: { secrets: [`${secret}/entries#signing`] },
  })),
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
