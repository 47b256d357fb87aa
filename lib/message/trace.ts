// W3C trace context: each attempt is a span of its own below the publisher's span, so that the callback's spans belong to
// the attempt that caused them. No span is recorded here, and no trace is started.
// https://www.w3.org/TR/trace-context/
import { randomBytes } from 'node:crypto';

export type Span = { readonly traceId: string; readonly spanId: string; readonly traceparent: string };

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;
/** Whether the text is a valid W3C traceparent. */
export const isTraceparent = (value: string): boolean => TRACEPARENT.test(value);

/**
 * Whether the text may be sent as tracestate: at most 512 characters of printable ASCII. Its content is not checked, because
 * only tracing systems read it.
 */
export const isTracestate = (value: string): boolean => /^[\x20-\x7e]{1,512}$/.test(value);

/** The trace id of a traceparent; undefined when it is invalid. */
export const traceIdOf = (traceparent: string): string | undefined => TRACEPARENT.exec(traceparent)?.[1];

/** A new span of the same trace; undefined without a valid traceparent. */
export function spanBelow(traceparent: string | undefined): Span | undefined {
  const [, traceId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || flags === undefined) return undefined;
  const spanId = randomBytes(8).toString('hex');
  // A changed traceparent has to be written in the version that this code knows.
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}
