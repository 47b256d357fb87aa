// Offenders whose callbacks have names that can't be looked up: the name's server is silent, or fails late.
import type { Offender } from './offender.ts';

const LANES = 5;

const unnamed = (name: string, label: 'silent' | 'failing'): Offender => ({
  name,
  kind: 'dns',
  everyMs: 1_000,
  environments: 3,
  healthyHost: 'healthy.test',
  async start({ putSubscription, publish }) {
    for (let index = 0; index < LANES; index++) {
      await putSubscription({
        id: `offender-${index}`,
        topic: 'offender',
        configuration: {
          callbackUrl: `http://${label}-${index}.test/`,
          retry: { retryOption: 'No Retry' },
          interruptConsumptionOnException: false,
          maxConcurrentConnections: 1,
        },
        dlq: { endpoint: 'undeliverable' },
      });
    }
    return {
      send: () => publish({ topic: 'offender' }),
      isSeen: async () => true,
    };
  },
});

export const NAMES: readonly Offender[] = [
  unnamed('five lanes to names whose servers are silent', 'silent'),
  unnamed('five lanes to names whose servers answer SERVFAIL after two seconds', 'failing'),
];
