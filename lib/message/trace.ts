// W3C trace context on its way through: each attempt is a span of its own below the publisher's, so that what the
// callback does is found under the attempt that caused it. Nothing is recorded here, and no trace is begun.
// https://www.w3.org/TR/trace-context/
import { randomBytes } from 'node:crypto';

export type Span = { readonly traceId: string; readonly spanId: string; readonly traceparent: string };

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;
export const isTraceparent = (value: string): boolean => TRACEPARENT.test(value);

/** Printable ASCII of at most 512 characters; what is in its list is the tracing systems' own. */
export const isTracestate = (value: string): boolean => /^[\x20-\x7e]{1,512}$/.test(value);

/** The trace that a traceparent belongs to; undefined for what is no traceparent. */
export const traceIdOf = (traceparent: string): string | undefined => TRACEPARENT.exec(traceparent)?.[1];

/** A new span of the same trace; undefined without a trace to belong to. */
export function spanBelow(traceparent: string | undefined): Span | undefined {
  const [, traceId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || flags === undefined) return undefined;
  const spanId = randomBytes(8).toString('hex');
  // Whoever changes it writes the version that they know.
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}
