// Checks an `sqs` endpoint: does the queue exist, may its attributes be read, does it take messages of a dead letter's size?
// Sends nothing, so it can't tell whether sending is allowed.

import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

import { LARGEST_OWN_MESSAGE_BYTES } from '#lib/message/size.ts';
import { queueNameIn } from '#lib/queue/name.ts';
import type { SqsEndpoint } from './endpoint.ts';
import { queueUrlOf } from './queue.ts';

export type EndpointChecked = {
  readonly ok: boolean;
  /** One sentence for each finding: what is right, or what is wrong and what to do. */
  readonly findings: readonly string[];
  /** The credentials may not read the queue, so nothing is known about it. */
  readonly denied?: true;
};

type Deps = {
  readonly sqs: Pick<SQSClient, 'send'>;
  /** Whether this is the URL of one of the deployment's own queues, which no endpoint may name. */
  readonly isOwnQueue: (queueUrl: string) => boolean | Promise<boolean>;
};

/** Checks the queue. Throws when AWS fails for a reason that is not the endpoint's. */
export async function checkQueue({ configuration }: SqsEndpoint, deps: Deps): Promise<EndpointChecked> {
  try {
    const url = await queueUrlOf(configuration, deps.sqs);
    const name = queueNameIn(url);
    if (await deps.isOwnQueue(url))
      return wrong(`${name} is a queue of this deployment: name a queue of your own.`);
    const { Attributes = {} } = await deps.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
    );
    return { ok: true, findings: [`The queue ${name} exists.`, ...notesOn(Attributes)] };
  } catch (error) {
    const why = error instanceof Error ? WRONG.get(error.name) : undefined;
    if (why === undefined) throw error;
    return why === DENIED ? { ...wrong(why), denied: true } : wrong(why);
  }
}

const wrong = (finding: string): EndpointChecked => ({ ok: false, findings: [finding] });

const NOT_THERE = 'The queue does not exist: create it, or correct the URL or ARN in the item.';
const DENIED =
  'These credentials have no permission to read the queue (sqs:GetQueueUrl, sqs:GetQueueAttributes): use others, or allow it in the queue policy.';
const NO_ADDRESS = 'The queue URL is invalid: copy it from SQS.';
const WRONG: ReadonlyMap<string, string> = new Map([
  ['QueueDoesNotExist', NOT_THERE],
  ['AWS.SimpleQueueService.NonExistentQueue', NOT_THERE],
  ['AccessDenied', DENIED],
  ['AccessDeniedException', DENIED],
  ['InvalidAddress', NO_ADDRESS],
]);

function notesOn(attributes: Partial<Record<string, string>>): string[] {
  const notes: string[] = [];
  if (attributes.FifoQueue === 'true')
    notes.push(
      'It is a FIFO queue: dead letters of a subscription keep their order, and SQS removes duplicates.',
    );
  const size = Number(attributes.MaximumMessageSize ?? LARGEST_OWN_MESSAGE_BYTES);
  if (size < LARGEST_OWN_MESSAGE_BYTES)
    notes.push(
      `Its maximum message size is ${size} bytes; a larger dead letter goes to undeliverable: set MaximumMessageSize to ${LARGEST_OWN_MESSAGE_BYTES}.`,
    );
  if (attributes.KmsMasterKeyId !== undefined)
    notes.push(
      'It is encrypted with a key of its own: the bridge needs kms:GenerateDataKey and kms:Decrypt for it.',
    );
  const days = Number(attributes.MessageRetentionPeriod ?? 0) / 86_400;
  notes.push(`It keeps messages for ${Number(days.toFixed(1))} days.`);
  return notes;
}
