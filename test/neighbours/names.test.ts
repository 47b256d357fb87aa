// Callbacks whose names can't be looked up, beside healthy subscriptions whose callbacks have names too.
import { setTimeout as wait } from 'node:timers/promises';
import { describe, test } from 'vitest';
import { type DnsReply, environmentFor, startDnsServer } from '#test/support/dns-server.ts';
import { expectHealthyBeside } from '#test/support/neighbours/healthy.ts';
import { NAMES } from '#test/support/neighbours/names.ts';

const FAILS_AFTER_MS = 2_000;

function answer({ name }: { readonly name: string }): DnsReply {
  if (name.startsWith('silent')) return 'silent';
  if (name.startsWith('failing')) return { rcode: 'SERVFAIL', after: wait(FAILS_AFTER_MS) };
  return { addresses: ['127.0.0.1'] };
}

describe('healthy subscriptions get every message once and are never paused', () => {
  test.for(NAMES.map((offender) => [offender.name, offender] as const))('beside %s', async ([, offender]) => {
    const dns = await startDnsServer(answer);
    try {
      await expectHealthyBeside({
        ...offender,
        environment: environmentFor(dns),
        async start(neighbourhood) {
          const offence = await offender.start(neighbourhood);
          return {
            ...offence,
            isSeen: async () => dns.questions.some(({ name }) => !name.startsWith('healthy')),
          };
        },
      });
    } finally {
      await dns.close();
    }
  });
});
