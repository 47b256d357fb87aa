// The messages of a request: one, or those of a batch in its format.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Received } from './receiver.ts';

export type Member = {
  readonly id: string;
  /** Hash of the message's bytes; undefined where the request broke off. */
  readonly hash: string | undefined;
};

export const hashOf = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

const bodySchema = z.looseObject({ id: z.string() });
const eventSchema = z.looseObject({
  id: z.string(),
  datacontenttype: z.string(),
  data: z.unknown().optional(),
  data_base64: z.string().optional(),
});
const idSchema = /"id":"(m\d+-\d+)"/g;

/**
 * Returns the messages of a request, in its order. A request that broke off names those whose beginning arrived, and a batch
 * that can't be read is one message without an id.
 */
export function membersOf({
  headers,
  body,
  isWhole,
}: Pick<Received, 'headers' | 'body' | 'isWhole'>): Member[] {
  const isBatch = headers.has('webhook-batch');
  if (!isBatch) return [{ id: headers.get('webhook-id') ?? '', hash: isWhole ? hashOf(body) : undefined }];
  const text = body.toString('utf8');
  if (!isWhole) {
    const ids = [...text.matchAll(idSchema)].map(([, id = '']) => id);
    return [...new Set(ids)].map((id) => ({ id, hash: undefined }));
  }
  try {
    return membersOfBatch(text, headers.get('content-type'));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    // No message was published like this.
    return [{ id: '', hash: hashOf(body) }];
  }
}

/** Throws for a batch that is not in its format. */
function membersOfBatch(text: string, contentType: string | undefined): Member[] {
  switch (contentType) {
    case 'application/x-ndjson':
      return text.trimEnd().split('\n').map(memberOf);
    case 'application/cloudevents-batch+json':
      return elementsOf(text).map((event) => {
        const { id } = eventSchema.parse(JSON.parse(event));
        return { id, hash: hashOf(dataOf(event)) };
      });
    default:
      return elementsOf(text).map(memberOf);
  }
}

const memberOf = (json: string): Member => ({
  id: bodySchema.parse(JSON.parse(json)).id,
  hash: hashOf(json),
});

/** The bytes of an event's data. JSON is copied into the event byte for byte, as its last field. */
function dataOf(event: string): string | Buffer {
  const { datacontenttype, data, data_base64: binary } = eventSchema.parse(JSON.parse(event));
  if (binary !== undefined) return Buffer.from(binary, 'base64');
  if (datacontenttype !== 'application/json') return z.string().parse(data);
  return event.slice(event.indexOf(',"data":') + ',"data":'.length, -1);
}

/** The elements of a JSON array, each as it is written. */
function elementsOf(array: string): string[] {
  JSON.parse(array);
  const elements: string[] = [];
  let depth = 0;
  let from = 1;
  let isText = false;
  for (let at = 0; at < array.length; at++) {
    const letter = array[at] ?? '';
    if (isText && letter === '\\') at += 1;
    else if (letter === '"') isText = !isText;
    if (isText) continue;
    if ('[{'.includes(letter)) depth += 1;
    if (']}'.includes(letter)) depth -= 1;
    if ((letter !== ',' || depth !== 1) && depth !== 0) continue;
    elements.push(array.slice(from, at));
    from = at + 1;
  }
  return elements;
}
