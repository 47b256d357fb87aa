import { expect, test } from 'vitest';
import { isTraceparent, isTracestate, spanBelow, traceIdOf } from '#lib/message/trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PUBLISHER = `00-${TRACE}-00f067aa0ba902b7-01`;

test('a traceparent is told from what is none', () => {
  expect(isTraceparent(PUBLISHER)).toBe(true);
  for (const none of [
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `${PUBLISHER}\n`,
  ]) {
    expect(isTraceparent(none), none).toBe(false);
    expect(spanBelow(none), none).toBeUndefined();
    expect(traceIdOf(none), none).toBeUndefined();
  }
});

test('each span below a traceparent keeps its trace and flags, and has an id of its own', () => {
  const first = spanBelow(PUBLISHER);
  const second = spanBelow(PUBLISHER);
  expect(first?.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  expect(isTraceparent(first?.traceparent ?? '')).toBe(true);
  expect(first).toMatchObject({ traceId: TRACE, spanId: first?.traceparent.slice(36, 52) });
  expect(new Set([first?.spanId, second?.spanId, '00f067aa0ba902b7']).size).toBe(3);
});

test('a later version of the header is answered with the version that is known here', () => {
  expect(spanBelow(`cc-${TRACE}-00f067aa0ba902b7-00`)?.traceparent).toMatch(
    new RegExp(`^00-${TRACE}-.{16}-00$`),
  );
});

test('a tracestate is printable ASCII, at most 512 characters', () => {
  expect(isTracestate('congo=t61rcWkgMzE,rojo=00f067aa0ba902b7')).toBe(true);
  for (const none of ['', 'a=b\n', 'a=ü', 'a'.repeat(513)]) expect(isTracestate(none), none).toBe(false);
});
