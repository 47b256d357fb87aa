// Fills a lane's backlog with many entries, as `deliver` would write them. The JSON of one call is made by the product, and only
// the numbers in it change from call to call: the client of AWS would take longer than the emulated DynamoDB.
import { Pool } from 'undici';
import { leanDocuments } from '#lib/aws/lean-documents.ts';
import { type BacklogEntry, putEntries } from '#lib/state/entries.ts';
import { createTables } from '#lib/state/table.ts';

type Filled = {
  readonly url: string;
  readonly table: string;
  readonly subscription: string;
  readonly lane: number;
  /** The entry of a number that is written with NUMBER_LENGTH digits. */
  readonly entryOf: (number: string) => BacklogEntry;
};

export const NUMBER_LENGTH = 20;
const IN_A_CALL = 25;
const CALLS_AT_ONCE = 8;
/** Stands in the JSON where the number of an entry belongs: the entry's place in its call ends it. */
const mark = (place: number): string => String(place).padStart(NUMBER_LENGTH, '@');
const MARKS = /@+(\d+)/g;
const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'DynamoDB_20120810.BatchWriteItem',
  // The emulator looks for a signature, and does not check it.
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
};

/** Writes the entries whose numbers begin with `first` and end before `end`. Throws when DynamoDB does not take one. */
export async function fillBacklog(first: number, end: number, filled: Filled): Promise<void> {
  const pool = new Pool(filled.url, { connections: CALLS_AT_ONCE });
  const whole = await callWith(IN_A_CALL, filled);
  let next = first;
  const fill = async () => {
    while (next < end) {
      const begin = next;
      const count = Math.min(IN_A_CALL, end - begin);
      next += count;
      const call = count === IN_A_CALL ? whole : await callWith(count, filled);
      const body = call.replace(MARKS, (_, place) =>
        String(begin + Number(place)).padStart(NUMBER_LENGTH, '0'),
      );
      const answer = await pool.request({ method: 'POST', path: '/', headers: HEADERS, body });
      const text = await answer.body.text();
      if (answer.statusCode !== 200 || text !== '{"UnprocessedItems":{}}')
        throw new Error(`DynamoDB answered ${answer.statusCode}: ${text.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, fill));
  await pool.close();
}

/** The JSON of the call with which the product writes so many entries, with marks instead of their numbers. */
async function callWith(count: number, { url, table, subscription, lane, entryOf }: Filled): Promise<string> {
  const bodies: string[] = [];
  const sdk = {
    send: () => Promise.reject(new TypeError('entries are not written by the SDK')),
  };
  const documents = leanDocuments(
    sdk,
    async ({ body }) => {
      bodies.push(body);
      return Buffer.from('{}');
    },
    () => new URL(url),
  );
  const deps = { ...createTables(documents, { stateTable: table }), now: Date.now };
  const entries = Array.from({ length: count }, (_, place) => entryOf(mark(place)));
  await putEntries(subscription, lane, entries, deps);
  const [call, ...more] = bodies;
  if (call === undefined || more.length > 0) throw new Error(`${count} entries are not one call`);
  return call;
}
