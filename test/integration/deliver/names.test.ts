// A name that can't be looked up is its own subscription's affair. Lanes to such names stand beside healthy subscriptions
// whose callbacks have names too, all in one environment, which reaches AWS by a name.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DnsReply, type DnsServer, environmentFor, startDnsServer } from '#test/support/dns-server.ts';
import { freePort } from '#test/support/free-port.ts';
import { bodiesOf, numbered, type Rig, type Subscribed, startRig } from '#test/support/rig.ts';

/** Names that begin with this are answered only when it is resolved: with SERVFAIL. */
let failing = Promise.withResolvers<void>();
let dns: DnsServer;
let rig: Rig;

function answer({ name }: { name: string }): DnsReply {
  if (name.startsWith('silent')) return 'silent';
  if (name.startsWith('failing')) return { rcode: 'SERVFAIL', after: failing.promise };
  return name.startsWith('healthy') ? { addresses: ['127.0.0.1'] } : { rcode: 'NXDOMAIN' };
}

beforeAll(async () => {
  const port = await freePort();
  dns = await startDnsServer(answer);
  const environment = { ...environmentFor(dns), AWS_ENDPOINT_URL: `http://localhost:${port}` };
  rig = await startRig({ port, environment, maxEnvironments: 1 });
});
afterAll(async () => {
  failing.resolve();
  await rig?.close();
  await dns?.close();
});

const LANES = 5;
let subscriptions = 0;

/** Subscriptions whose callbacks have names of this kind, with a short connectTimeout. */
const subscribe = (kind: string, qos: string): Promise<Subscribed[]> =>
  Promise.all(
    Array.from({ length: LANES }, () => {
      const id = `${kind}-${++subscriptions}`;
      const port = new URL(rig.receiver.url).port;
      const callbackUrl = `http://${id}.test:${port}/${id}`;
      return rig.subscribe({
        id,
        qos,
        configuration: { callbackUrl, http: { connectTimeout: 1_000 }, retry: { retryOption: 'No Retry' } },
      });
    }),
  );

async function deliverBeside(
  offenders: readonly Subscribed[],
  healthy: readonly Subscribed[],
): Promise<void> {
  const bodies = numbered(10);
  await rig.whilePaused('webhooks-local-deliveries.fifo', async () => {
    await Promise.all(offenders.map((one) => one.publish('{}')));
    await Promise.all(healthy.map((one) => one.publishAll(bodies)));
  });
  for (const one of healthy) {
    const received = await one.requests(bodies.length, 30_000);
    expect(bodiesOf(received).sort()).toEqual(bodies);
  }
}

async function unharmed(healthy: readonly Subscribed[]): Promise<void> {
  for (const { id } of healthy) {
    expect(await rig.pauseOf(id)).toBeUndefined();
    expect(await rig.heldOf(id)).toEqual([]);
  }
  const healthyLines = rig.set.lines.filter(
    (line) => line.includes('delivery.attempted') && line.includes('"healthy-'),
  );
  expect(healthyLines.filter((line) => !line.includes('"outcome":"delivered"'))).toEqual([]);
}

describe.each(['none', 'auto', 'at-most-once', 'at-least-once'])('under %s', (qos) => {
  test('lanes to names whose servers are silent harm nobody else', async () => {
    const [silent, healthy] = [await subscribe('silent', qos), await subscribe('healthy', qos)];
    await deliverBeside(silent, healthy);
    for (const { id } of silent) {
      const { detail } = await rig.paused(id, 'outage');
      expect(detail).toContain('the host name could not be looked up');
    }
    await unharmed(healthy);
  });

  test('lanes to names whose servers fail late harm nobody else', async () => {
    failing = Promise.withResolvers();
    const [late, healthy] = [await subscribe('failing', qos), await subscribe('healthy', qos)];
    await deliverBeside(late, healthy);
    failing.resolve();
    for (const { id } of late) {
      const { detail } = await rig.paused(id, 'outage');
      expect(detail).toContain('the host name could not be looked up');
    }
    await unharmed(healthy);
  });
});
