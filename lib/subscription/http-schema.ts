// The four http options of the original document, one field each, because they may be written in `http` or beside it.
// schema.ts applies the deployment's largest readTimeout and the quality of service's single connection.
import type * as z from 'zod';
import { field, titled, wholeNumber } from '#lib/item/field.ts';

export const HTTP_DEFAULTS = {
  connectTimeout: 3_000,
  readTimeout: 10_000,
  idleTimeout: 60_000,
  maxConcurrentConnections: 5,
} as const;

/** A host that does not answer a SYN for this long is down; a longer wait would only hold the lane. */
export const LARGEST_CONNECT_TIMEOUT_MS = 10_000;
/** Lambda removes a function that is idle for longer, and its connections with it. */
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
