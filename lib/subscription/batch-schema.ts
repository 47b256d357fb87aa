// Several messages in one request: `batch`.
import * as z from 'zod';
import { field, titled, wholeNumber } from '#lib/item/field.ts';

export const batch = field(() =>
  titled(
    z.strictObject({
      maxMessages: titled(wholeNumber(2, 100).default(10), 'Messages', 'The most messages in one request.'),
      maxBytes: titled(
        wholeNumber(1, 1_048_576).default(262_144),
        'Bytes',
        'The most bytes of the body of a request with several messages.',
      ),
      format: titled(
        z.enum(['json-array', 'cloudevents-batch', 'ndjson']).default('json-array'),
        'Format',
        'A JSON array of the bodies, a CloudEvents batch, or a body a line.',
      ),
    }),
    'Batch',
    'Several messages of a lane in one request.',
  ),
);
