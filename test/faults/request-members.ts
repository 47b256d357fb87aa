// The messages of a request: one, or those of a batch in its format.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Received } from './receiver.ts';

export type Member = {
  readonly id: string;
  /** Hash of the message's bytes; undefined where the request broke off, or where an envelope holds them as a value. */
  readonly hash: string | undefined;
};

export const hashOf = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

const bodySchema = z.looseObject({ id: z.string() });
const eventSchema = z.looseObject({ id: z.string(), data: z.unknown() });
const idSchema = /"id":"(m\d+-\d+)"/g;

/** Returns the messages of a request, in its order. A request that broke off names those whose beginning arrived. */
export function membersOf({ headers, body, isWhole }: Received): Member[] {
  const text = body.toString('utf8');
  const isBatch = headers.has('webhook-batch');
  if (!isBatch) return [{ id: headers.get('webhook-id') ?? '', hash: isWhole ? hashOf(body) : undefined }];
  if (!isWhole) {
    const ids = [...text.matchAll(idSchema)].map(([, id = '']) => id);
    return [...new Set(ids)].map((id) => ({ id, hash: undefined }));
  }
  switch (headers.get('content-type')) {
    case 'application/x-ndjson':
      return text
        .trimEnd()
        .split('\n')
        .map((line) => ({ id: bodySchema.parse(JSON.parse(line)).id, hash: hashOf(line) }));
    case 'application/cloudevents-batch+json':
      return z
        .array(eventSchema)
        .parse(JSON.parse(text))
        .map(({ id, data }) => ({ id, hash: hashOf(JSON.stringify(data)) }));
    default:
      return z
        .array(bodySchema)
        .parse(JSON.parse(text))
        .map((one) => ({ id: one.id, hash: hashOf(JSON.stringify(one)) }));
  }
}
