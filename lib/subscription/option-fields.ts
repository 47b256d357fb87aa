// The options of a subscription in `configuration` or `entrypointConfiguration`, but for the four of http-schema.ts. shape.ts
// finds where they are.
import * as z from 'zod';
import { field, titled } from '#lib/item/field.ts';
import { httpUrl } from '#lib/item/http-url.ts';
import { auth } from './auth-schema.ts';
import { batch } from './batch-schema.ts';
import { headers } from './header-schema.ts';
import { logging } from './logging-schema.ts';
import { proxy } from './proxy-schema.ts';
import { retry } from './retry-schema.ts';
import { signing } from './signing-schema.ts';
import { ssl } from './ssl-schema.ts';

const flag = (title: string, description: string) =>
  field(() => titled(z.boolean(), title, description, { default: true }));

export const OPTION_FIELDS = {
  callbackUrl: field(() => httpUrl('Callback URL', 'Where messages are POSTed to.')),
  headers,
  auth,
  interruptConsumptionOnServerError: flag(
    'Interrupt on server error',
    'Whether a 5xx answer stops the consumption. When false, the message goes to the dlq instead.',
  ),
  interruptConsumptionOnException: flag(
    'Interrupt on exception',
    'Whether a request that gets no answer stops the consumption. When false, the message goes to the dlq instead.',
  ),
  onOutage: field(() =>
    titled(
      z.enum(['probe', 'stop']),
      'On outage',
      'After an outage: probe tries again by itself, stop waits for a person.',
      { default: 'probe' },
    ),
  ),
  retry,
  ssl,
  proxy,
  signing,
  batch,
  logging,
  metrics: field(() =>
    titled(
      z.boolean(),
      'Metrics',
      'Whether attempts, outcomes, durations and ages are metrics of this subscription too. CloudWatch charges for each.',
      { default: false },
    ),
  ),
};

type Output<F extends () => z.ZodType> = z.output<ReturnType<F>>;
export type Batch = Output<typeof OPTION_FIELDS.batch>;
