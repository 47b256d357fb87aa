// The operations on queues: made, found, listed, described, purged, deleted.
// AddPermission and RemovePermission are left out: nothing here looks at a policy.
import * as z from 'zod';
import { isAttributeName } from './attributes.ts';
import type { QueueDirectory } from './directory.ts';
import { int, map, type Operations, sqsOperation, strings, textMember, url } from './operation.ts';
import type { Queue } from './queue.ts';
import { checkRange, invalidValue, notServed, Refusal } from './refusal.ts';

const ofQueue = z.object({ QueueUrl: url });
const paging = { MaxResults: int, NextToken: textMember };
const MOST_RESULTS = 1000;

/** One page of the queues, sorted by name. The token of the next page is the last name of this one. */
function page(
  queues: Queue[],
  { MaxResults, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined },
) {
  checkRange('MaxResults', MaxResults, [1, MOST_RESULTS]);
  const last = NextToken === undefined ? '' : Buffer.from(NextToken, 'base64').toString();
  if (NextToken !== undefined && !/^[A-Za-z0-9_.-]{1,80}$/.test(last))
    throw invalidValue('NextToken', NextToken, 'Not a token of ours.');
  const rest = queues.filter(({ name }) => name > last);
  const results = rest.slice(0, MaxResults ?? MOST_RESULTS);
  const hasMore = MaxResults !== undefined && rest.length > results.length;
  const next = hasMore ? { NextToken: Buffer.from(results.at(-1)?.name ?? '').toString('base64') } : {};
  return { results, next };
}

function describe(queue: Queue): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  const seconds = (ms: number): string => String(Math.floor(ms / 1000));
  return {
    ...queue.attributes(),
    QueueArn: queue.arn,
    CreatedTimestamp: seconds(queue.createdAt),
    LastModifiedTimestamp: seconds(queue.changedAt()),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
  };
}

export const queueOperations = ({ directory }: { directory: QueueDirectory }): Operations => ({
  CreateQueue: sqsOperation(
    z.object({ QueueName: url, Attributes: map, tags: map }),
    ({ QueueName, Attributes = {}, tags = {} }, { host }) => {
      if (Object.keys(tags).length > 0) throw notServed('tags on queues');
      const queue = directory.create(QueueName, Attributes);
      return { QueueUrl: directory.urlOf(queue, host) };
    },
  ),

  GetQueueUrl: sqsOperation(z.object({ QueueName: url }), ({ QueueName }, { host }) => ({
    QueueUrl: directory.urlOf(directory.get(QueueName), host),
  })),

  ListQueues: sqsOperation(z.object({ QueueNamePrefix: textMember, ...paging }), (input, { host }) => {
    const { results, next } = page(directory.list(input.QueueNamePrefix), input);
    return { QueueUrls: results.map((queue) => directory.urlOf(queue, host)), ...next };
  }),

  GetQueueAttributes: sqsOperation(
    z.object({ QueueUrl: url, AttributeNames: strings }),
    ({ QueueUrl, AttributeNames = [] }) => {
      const all = Object.entries(describe(directory.byUrl(QueueUrl))).filter(([, value]) => value !== '');
      const unknown = AttributeNames.find((name) => name !== 'All' && !isAttributeName(name));
      if (unknown !== undefined) throw new Refusal('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
      const wanted = all.filter(([name]) => AttributeNames.includes('All') || AttributeNames.includes(name));
      return wanted.length > 0 ? { Attributes: Object.fromEntries(wanted) } : {};
    },
  ),

  SetQueueAttributes: sqsOperation(
    z.object({ QueueUrl: url, Attributes: z.record(z.string(), z.string()) }),
    ({ QueueUrl, Attributes }) => {
      directory.byUrl(QueueUrl).setAttributes(Attributes);
      return {};
    },
  ),

  PurgeQueue: sqsOperation(ofQueue, ({ QueueUrl }) => {
    directory.byUrl(QueueUrl).purge();
    return {};
  }),

  DeleteQueue: sqsOperation(ofQueue, ({ QueueUrl }) => {
    directory.delete(directory.byUrl(QueueUrl));
    return {};
  }),
});
