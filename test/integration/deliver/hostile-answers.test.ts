// Receivers that send bytes without end which are no body, beside subscriptions that work: the neighbours are delivered and
// never paused, and only a bounded number of bytes is taken from each receiver.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANSWER_ROWS } from '#test/support/answer-rows.ts';
import { bodiesOf, numbered, type Rig, startRig } from '#test/support/rig.ts';
import { type RowServer, rowServer } from '#test/support/row-server.ts';

/** The system's buffers on both sides of a connection hold more than the 64 KiB that are read of it. */
const MOST_SENT_BYTES = 8 * 1_048_576;

let rig: Rig;
const servers: RowServer[] = [];
beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rig?.close();
});

/** Eight: a batch of ten may have one message of each, beside two of the neighbours. */
const POURING = ANSWER_ROWS.filter(({ after }) => typeof after === 'object');

test('eight receivers that pour are bounded, and their neighbours notice nothing', async () => {
  expect(POURING).toHaveLength(8);
  const offenders = await Promise.all(
    POURING.map(async (row) => {
      const server = await rowServer(row);
      servers.push(server);
      // A deadline that a test can't reach: what ends the exchange is the limit.
      const configuration = { callbackUrl: server.url, readTimeout: 30_000, maxConcurrentConnections: 1 };
      return { row, server, one: await rig.subscribe({ configuration }) };
    }),
  );
  const neighbours = await Promise.all(
    ['none', 'auto', 'at-most-once', 'at-least-once'].map((qos) => rig.subscribe({ qos })),
  );
  const bodies = numbered(30);

  await Promise.all(offenders.map(({ one }) => one.publishAll(numbered(5))));
  await Promise.all(neighbours.map((each) => each.publishAll(bodies)));
  for (const each of neighbours) {
    expect(bodiesOf(await each.requests(bodies.length)).sort()).toEqual(bodies);
    expect(await rig.heldOf(each.id)).toEqual([]);
    expect(await rig.lettersOf(each.id)).toEqual([]);
  }

  for (const { row, server, one } of offenders) {
    if (typeof row.result === 'number') {
      // The status is certain: each message is delivered once, whatever comes behind it.
      await rig.until(() => server.requests.length === 5 || undefined, `five deliveries: ${row.name}`);
    } else {
      await rig.paused(one.id, 'outage');
    }
    await rig.until(() => server.openNow() === 0 || undefined, `connections closed: ${row.name}`);
    expect(server.bytesSent() / server.connections.length, row.name).toBeLessThan(MOST_SENT_BYTES);
  }
  // A pause can only follow from an attempt that was no delivery.
  for (const { id } of neighbours) {
    const attempts = rig.set.lines.filter(
      (line) => line.includes('"delivery.attempted"') && line.includes(`"subscription":"${id}"`),
    );
    expect(attempts).toHaveLength(bodies.length);
    expect(attempts.filter((line) => !line.includes('"outcome":"delivered"'))).toEqual([]);
  }
});
