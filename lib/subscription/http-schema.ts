// The seed's four http options: one field each, since they may be written in `http` or beside it. What the deployment
// allows (the largest readTimeout) and what the QoS forces (one connection) is schema.ts's affair.
import type * as z from 'zod';
import { field, titled, wholeNumber } from '#lib/item/field.ts';

export const HTTP_DEFAULTS = {
  connectTimeout: 3_000,
  readTimeout: 10_000,
  idleTimeout: 60_000,
  maxConcurrentConnections: 5,
} as const;

/** A host that has not answered a SYN for so long is away; a longer wait would only hold the lane. */
export const LARGEST_CONNECT_TIMEOUT_MS = 10_000;
/** A function that is idle for longer is gone, and its connections with it. */
export const LARGEST_IDLE_TIMEOUT_MS = 900_000;
export const LARGEST_MAX_CONCURRENT_CONNECTIONS = 20;

const option = (name: keyof typeof HTTP_DEFAULTS, make: () => z.ZodInt, title: string, description: string) =>
  field(() => titled(make(), title, description, { default: HTTP_DEFAULTS[name] }));

export const HTTP_FIELDS = {
  connectTimeout: option(
    'connectTimeout',
    () => wholeNumber(1, LARGEST_CONNECT_TIMEOUT_MS),
    'Connect timeout (ms)',
    'The longest time to connect to the callback, in milliseconds.',
  ),
  readTimeout: option(
    'readTimeout',
    () => wholeNumber(1, Number.MAX_SAFE_INTEGER),
    'Read timeout (ms)',
    'The longest time for the whole exchange, the answer included, in milliseconds. The deployment sets the largest that is allowed: 30000 unless it says otherwise.',
  ),
  idleTimeout: option(
    'idleTimeout',
    () => wholeNumber(1, LARGEST_IDLE_TIMEOUT_MS),
    'Idle timeout (ms)',
    'How long an unused connection is kept open, in milliseconds.',
  ),
  maxConcurrentConnections: option(
    'maxConcurrentConnections',
    () => wholeNumber(1, LARGEST_MAX_CONCURRENT_CONNECTIONS),
    'Concurrent connections',
    'The most requests in flight at once. Always 1 for at-most-once and at-least-once, whatever is given here.',
  ),
};
