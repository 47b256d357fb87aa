// The control of the neighbours' benchmark: what an offender does, with healthy subscriptions of another tenant in the place of
// its own ones. They are as many, get the same messages, and answer at once.
import type { Neighbourhood } from '#test/support/neighbours/neighbourhood.ts';

const TENANT = 'control';
const HEALTHY = { status: 204 };

type Configuration = { readonly maxConcurrentConnections?: number };

type Changed = Pick<Neighbourhood, 'serve' | 'putSubscription' | 'isSlow'>;

/** The neighbourhood for an offender that is to be healthy. Of an item it keeps the id, the topic and the cap. */
export async function withHealthyItems<T extends Changed>(neighbourhood: T): Promise<T> {
  const server = await neighbourhood.serve(HEALTHY);
  return {
    ...neighbourhood,
    serve: async () => server,
    async putSubscription({ id, topic, configuration }: Record<string, unknown>) {
      const { maxConcurrentConnections }: Configuration = configuration ?? {};
      await neighbourhood.putSubscription({
        id,
        topic,
        tenant: TENANT,
        configuration: {
          callbackUrl: server.url,
          ...(maxConcurrentConnections !== undefined && { maxConcurrentConnections }),
        },
      });
    },
    // An offender may wait for the mark, which a healthy subscription never gets.
    isSlow: async () => true,
  };
}
