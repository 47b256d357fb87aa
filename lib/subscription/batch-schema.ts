// Several messages in one request: `batch`.
import * as z from 'zod';
import { field, titled, wholeNumber } from '#lib/item/field.ts';

export const BATCH_DEFAULTS = { maxMessages: 10, maxBytes: 262_144, format: 'json-array' } as const;

export const batch = field(() =>
  titled(
    z.strictObject({
      maxMessages: titled(
        wholeNumber(2, 100).default(BATCH_DEFAULTS.maxMessages),
        'Messages',
        'The most messages in one request.',
      ),
      maxBytes: titled(
        wholeNumber(1, 1_048_576).default(BATCH_DEFAULTS.maxBytes),
        'Bytes',
        'The most bytes of the body of a request with several messages.',
      ),
      format: titled(
        z.enum(['json-array', 'cloudevents-batch', 'ndjson']).default(BATCH_DEFAULTS.format),
        'Format',
        'A JSON array of the bodies, a CloudEvents batch, or a body a line.',
      ),
    }),
    'Batch',
    'Several messages of a lane in one request.',
  ),
);
