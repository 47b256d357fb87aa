// Slow receivers beside healthy subscriptions. After their first exchanges they answer no more at all: the healthy ones get
// their messages while every exchange of the slow ones is still open.
import { describe, test } from 'vitest';
import { expectHealthyBeside } from '#test/support/neighbours/healthy.ts';
import type { Offender } from '#test/support/neighbours/offender.ts';

/** Longer than the default of `slowAfterSeconds`. */
const SLOW_MS = 3_500;
const LANES = 5;

const slow = (count: number): Offender => ({
  name: `${count} slow receivers`,
  kind: 'slow',
  environments: 8,
  async start({ putSubscription, publish, serve, until }) {
    const server = await serve({ status: 204, afterMs: SLOW_MS });
    for (let index = 0; index < count; index++) {
      await putSubscription({
        id: `offender-${index}`,
        topic: 'offender',
        configuration: {
          callbackUrl: `${server.url}/${index}`,
          readTimeout: 30_000,
          maxConcurrentConnections: LANES,
        },
      });
    }
    await publish({ topic: 'offender' });
    await until(async () => (await server.count()) >= count, 'the first exchange of each');
    await server.hold();
    return {
      send: () => publish({ topic: 'offender', count: LANES }),
      isSeen: async () => (await server.count()) > count,
      async violations() {
        const ended = await server.givenUp();
        return ended === 0 ? [] : [`${ended} slow exchanges ended before the others had their messages`];
      },
    };
  },
});

describe('healthy subscriptions wait for no exchange of a slow one', () => {
  test.for([1, 4, 40])('beside %i slow receivers', (count) => expectHealthyBeside(slow(count)));
});
