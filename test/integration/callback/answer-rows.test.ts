// The table of answers in RECEIVERS.md, row by row, on real sockets with and without TLS: the result of the exchange, and
// what deliver makes of it.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { outcomeOf } from '#lib/deliver/outcome.ts';
import { decide } from '#lib/deliver/policy.ts';
import { ANSWER_ROWS, type AnswerRow } from '#test/support/answer-rows.ts';
import { requestTo, testClient } from '#test/support/callback-exchange.ts';
import { rowServer } from '#test/support/row-server.ts';
import { pem, serverTls } from '#test/support/tls/private.ts';

const LIMITS = { now: () => 0, excerptBytes: 0, longestRetryAfterMs: 0 };
const AFTER_RETRIES = { retries: Number.POSITIVE_INFINITY, ageMs: 0, durationMs: 0, random: 0 };
const RULES = {
  dlq: undefined,
  retry: { kind: 'default' },
  interruptConsumptionOnServerError: true,
  interruptConsumptionOnException: true,
} as const;

const expectedOf = ({ result, incomplete }: AnswerRow) =>
  typeof result === 'string'
    ? { kind: 'unknown', code: result }
    : { kind: 'answered', status: result, ...(incomplete !== undefined && { incomplete }) };

describe.each([
  ['http', undefined],
  ['https', serverTls()],
])('over %s', (scheme, tls) => {
  it.each(ANSWER_ROWS)('$name', async (row) => {
    const server = await rowServer(row, tls);
    onTestFinished(() => server.close());
    const pool =
      tls === undefined
        ? {}
        : { tls: { id: 'ca', trusted: [pem('ca.crt')], verifyHost: true, trustAll: false } };
    const waits = [row.result, row.incomplete].includes('timeout');
    const request = requestTo(`${scheme}://callback.test:${server.port}/`, {
      timeoutMs: waits ? 400 : 10_000,
      pool,
    });
    const client = testClient({ lookup: async () => [{ address: '127.0.0.1' }] });
    const exchange = await client.exchange(request);
    expect(exchange).toMatchObject(expectedOf(row));
    expect('incomplete' in exchange).toBe(row.incomplete !== undefined);

    const outcome = outcomeOf(exchange, { url: '', headers: {}, configured: [] }, LIMITS);
    const actions = (['at-least-once', 'at-most-once'] as const).map((qos) =>
      decide(outcome, { ...RULES, qos }, AFTER_RETRIES),
    );
    if (typeof row.result === 'number') expect(actions).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    else expect(actions).toMatchObject([{ message: 'keep' }, { message: 'hold' }]);
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));

    // The answer to the first request is never taken for that to the second.
    expect(await client.exchange(request)).toMatchObject(expectedOf(row));
    await vi.waitFor(() => expect(server.requests).toHaveLength(2));
    expect(server.connections).toHaveLength(row.kept ? 1 : 2);
  });
});
