// A call to AWS that is done by half, as AWS may: the answer names the rest, or has a page less.
import * as z from 'zod';
import { sendJson } from '#lib/local/aws/aws-json.ts';
import { type AwsCall, doneAside } from './aws-call.ts';

const entriesSchema = z.looseObject({ Entries: z.array(z.looseObject({ Id: z.string() })) });
const requestsSchema = z.looseObject({ RequestItems: z.record(z.string(), z.unknown()) });
const keysSchema = z.looseObject({ Keys: z.array(z.unknown()) });

/**
 * Does the first half of the call, and answers for the whole. `isSendersFault`: of a batch to SQS, the answer blames the caller
 * for the rest, so it is not asked again at once. Returns whether a part is left: a query may have no second page, and a call
 * that the service refuses gets the refusal.
 */
export async function partly(call: AwsCall, isSendersFault = false): Promise<boolean> {
  const { res, body, operation } = call;
  const parsed: unknown = JSON.parse(body.toString());
  const changed = (input: object) => ({ ...call, body: Buffer.from(JSON.stringify(input)) });
  if (operation === 'Query') {
    const page = await answerOf(changed({ ...z.looseObject({}).parse(parsed), Limit: 1 }));
    sendJson(res, '1.0', page);
    return page.status === 200 && page.body.LastEvaluatedKey !== undefined;
  }
  if (operation.endsWith('Batch')) {
    const { Entries, ...rest } = entriesSchema.parse(parsed);
    const [done, left] = halves(Entries);
    const { status, body: answer } =
      done.length === 0 ? NOTHING_DONE : await answerOf(changed({ ...rest, Entries: done }));
    if (status !== 200) return refuse(status, answer);
    const Failed = left.map(({ Id }) => ({
      Id,
      SenderFault: isSendersFault,
      Code: isSendersFault ? 'InvalidParameterValue' : 'InternalError',
      Message: 'A fault',
    }));
    sendJson(res, '1.0', {
      status: 200,
      body: { Successful: [], ...answer, Failed: [...(answer.Failed ?? []), ...Failed] },
    });
    return true;
  }
  const { RequestItems, ...rest } = requestsSchema.parse(parsed);
  const done: Record<string, unknown> = {};
  const left: Record<string, unknown> = {};
  for (const [table, requests] of Object.entries(RequestItems)) {
    const [first, second] = halvesOf(requests);
    if (first !== undefined) done[table] = first;
    if (second !== undefined) left[table] = second;
  }
  const isWrite = operation === 'BatchWriteItem';
  const { status, body: answer } =
    Object.keys(done).length === 0 ? NOTHING_DONE : await answerOf(changed({ ...rest, RequestItems: done }));
  if (status !== 200) return refuse(status, answer);
  sendJson(res, '1.0', {
    status: 200,
    body: isWrite
      ? { ...answer, UnprocessedItems: { ...(answer.UnprocessedItems ?? {}), ...left } }
      : { Responses: {}, ...answer, UnprocessedKeys: { ...(answer.UnprocessedKeys ?? {}), ...left } },
  });
  return true;

  function refuse(status: number, answer: object): boolean {
    sendJson(res, '1.0', { status, body: answer });
    return false;
  }
}

const answerSchema = z.looseObject({
  Failed: z.array(z.unknown()).optional(),
  UnprocessedItems: z.record(z.string(), z.unknown()).optional(),
  UnprocessedKeys: z.record(z.string(), z.unknown()).optional(),
  LastEvaluatedKey: z.unknown().optional(),
});
type Answered = { readonly status: number; readonly body: z.infer<typeof answerSchema> };

const NOTHING_DONE: Answered = { status: 200, body: {} };

async function answerOf(call: AwsCall): Promise<Answered> {
  const { status, body } = await doneAside(call);
  return { status, body: answerSchema.parse(JSON.parse(body.toString())) };
}

/** The first half is done; of one entry nothing is done. */
function halves<T>(list: readonly T[]): [T[], T[]] {
  const middle = Math.floor(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}

/** The requests of one table: a list of writes, or an object with keys. */
function halvesOf(requests: unknown): [unknown, unknown] {
  const isList = Array.isArray(requests);
  const list = isList ? requests : keysSchema.parse(requests).Keys;
  const [done, left] = halves(list).map((part) =>
    part.length === 0 ? undefined : isList ? part : { ...z.looseObject({}).parse(requests), Keys: part },
  );
  return [done, left];
}
