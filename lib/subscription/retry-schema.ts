// Gravitee's `retry` block with our additions: jitter, maxAgeSeconds, statuses.
import * as z from 'zod';
import { field, titled, wholeNumber } from '#lib/item/field.ts';

/** Six hours, the default limit of Retry-After too. */
const LARGEST_DELAY_SECONDS = 21_600;
/** The default of backlogRetentionDays. It does not follow the deployment's own value. */
const LARGEST_AGE_SECONDS = 21 * 86_400;

const option = <T extends string>(value: T) =>
  titled(z.literal(value), 'Retry option', 'Whether a failed request is sent again.');

const noRetry = () =>
  titled(
    z.strictObject({ retryOption: option('No Retry') }),
    'No Retry',
    'No request is sent again by itself.',
  );

const statuses = () =>
  z
    .array(wholeNumber(400, 499))
    .max(100)
    .refine((list) => new Set(list).size === list.length, 'must name each status once');

const retryOnFail = () =>
  titled(
    z
      .strictObject({
        retryOption: option('Retry On Fail'),
        retryStrategy: titled(
          z.enum(['LINEAR', 'EXPONENTIAL']).default('LINEAR'),
          'Strategy',
          'LINEAR waits the same time before each retry, EXPONENTIAL twice the time before.',
        ),
        maxAttempts: titled(wholeNumber(1, 100), 'Retries', 'How often a request is sent again at most.'),
        initialDelaySeconds: titled(
          wholeNumber(1, LARGEST_DELAY_SECONDS),
          'First delay (s)',
          'The wait before the first retry, in seconds; not more than maxDelaySeconds.',
        ),
        maxDelaySeconds: titled(
          wholeNumber(1, LARGEST_DELAY_SECONDS),
          'Longest delay (s)',
          'The longest wait before a retry, in seconds.',
        ),
        jitter: titled(
          z.boolean().default(false),
          'Jitter',
          'Whether waits are spread at random, so that not everybody comes back at once.',
        ),
        maxAgeSeconds: titled(
          wholeNumber(1, LARGEST_AGE_SECONDS).optional(),
          'Longest age (s)',
          'How long after its publication a message may still be sent, in seconds: at most 21 days, however long the deployment keeps waiting messages. A message that is older expires: it becomes a dead letter, or goes to undeliverable. No limit when left out.',
        ),
        statuses: titled(
          statuses().default([]),
          'Statuses',
          'The 4xx answers after which a message is sent again, such as 408, 425 and 429. Any from 400 to 499.',
        ),
      })
      .refine((retry) => retry.initialDelaySeconds <= retry.maxDelaySeconds, {
        path: ['initialDelaySeconds'],
        message: 'must not be more than maxDelaySeconds',
      }),
    'Retry On Fail',
    'A failed request is sent again.',
  );

export const retry = field(() =>
  titled(
    z.discriminatedUnion('retryOption', [noRetry(), retryOnFail()]),
    'Retry',
    'How failed requests are sent again. Without this block: twice, after 5 to 100 ms and after 100 ms, where the quality of service lets it.',
  ),
);

/** The block as written; `Subscription.retry` is derived from it. */
export type RetryBlock = z.output<ReturnType<typeof retry>>;
