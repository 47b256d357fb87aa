// Publishes dead letters to an SQS queue in any account and region, with body and attribute as on `dead-letters`. On a FIFO
// queue the message group is the subscription, and each letter is stored once.
import { hash } from 'node:crypto';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SqsEndpoint } from '#lib/endpoint/endpoint.ts';
import { isOneOf } from '#lib/endpoint/own-queues.ts';
import type { PlaceRules } from '#lib/endpoint/places.ts';
import { queueUrlOf, regionOf } from '#lib/endpoint/queue.ts';
import { type DeadLetter, encodeAttribute, type ForwardedDeadLetter } from '#lib/message/attribute.ts';
import { createQueues, type Outgoing } from '#lib/queue/queues.ts';
import type { WaitClock } from '#lib/queue/unprocessed.ts';
import type { BridgedLetter, Passed, Publisher, WaitReason } from './bridged-letter.ts';

export type SqsPublisherDeps = {
  /** Undefined: the function's own region. */
  readonly sqs: (region: string | undefined) => Pick<SQSClient, 'send'>;
  /** URLs of the deployment's own queues, which no endpoint may name. */
  readonly ownQueueUrls: readonly string[];
  /** Asked before the first call to a URL, which is signed and has the session's token. */
  readonly checkQueueUrl: PlaceRules['checkQueueUrl'];
  readonly clock: WaitClock;
};

/** Makes the publisher of an SQS endpoint. */
export function createSqsPublisher(
  { configuration }: SqsEndpoint,
  { sqs, ownQueueUrls, checkQueueUrl, clock }: SqsPublisherDeps,
): Publisher {
  const client = sqs(regionOf(configuration));
  // A letter that the queue does not take in the end comes round again.
  const queues = createQueues(client, { clock });
  let url: string | undefined;

  async function publish(letters: readonly BridgedLetter[]): Promise<readonly Passed[]> {
    url ??= await queueUrlOf(configuration, client);
    const to = url;
    const refusal = checkQueueUrl(to);
    if (refusal !== undefined) return letters.map(() => elsewhere(refusal));
    if (isOneOf(to, ownQueueUrls)) return letters.map(() => OUR_OWN);
    const isFifo = to.endsWith('.fifo');
    const entries = letters.map((one) => outgoingOf(one, isFifo));
    const codes = [...(await queues.send(to, entries))];
    for (const [index, entry] of entries.entries()) {
      // SQS refuses a whole call for one entry: each is sent alone to find it.
      if (letters.length > 1 && isRefusal(codes[index])) [codes[index]] = await queues.send(to, [entry]);
    }
    return codes.map(passedOf);
  }

  return {
    close() {},
    async publish(letters) {
      try {
        return await publish(letters);
      } catch (error) {
        const code = error instanceof Error ? error.name : 'Unknown';
        return letters.map(() => passedOf(code));
      }
    },
  };
}

const elsewhere = (refusal: string): Passed => ({
  kind: 'refused',
  reason: 'endpoint-invalid',
  detail: `the URL of the queue ${refusal}`,
});

const OUR_OWN: Passed = {
  kind: 'refused',
  reason: 'endpoint-invalid',
  detail: 'the endpoint names one of the functions own queues: name another queue',
};

function outgoingOf({ record, letter }: BridgedLetter, isFifo: boolean): Outgoing {
  const { hops: _, waitsSince: __, ...value }: DeadLetter = letter;
  const outgoing = { body: record.body, attribute: encodeAttribute({ kind: 'dead-letter', value }) };
  if (!isFifo) return outgoing;
  return {
    ...outgoing,
    groupId: hash('sha256', letter.subscription, 'base64url'),
    deduplicationId: identityOf(value),
  };
}

/** The deduplication id: the same at every round of a letter, another for each rejection of its message. */
const identityOf = ({
  subscription,
  messageId,
  sequence,
  replayId,
  attempts,
  lastAt,
}: ForwardedDeadLetter): string =>
  hash(
    'sha256',
    JSON.stringify([subscription, messageId, sequence, replayId ?? null, attempts, lastAt]),
    'hex',
  );

const REFUSALS =
  /InvalidMessageContents|InvalidParameterValue|BatchRequestTooLong|MessageTooLong|InvalidAttributeValue|UnsupportedOperation/;
const isRefusal = (code: string | undefined): boolean => code !== undefined && REFUSALS.test(code);

function passedOf(code: string | undefined): Passed {
  if (code === undefined) return { kind: 'taken' };
  if (isRefusal(code))
    return {
      kind: 'refused',
      reason: 'record-refused',
      detail: `the queue will not take this message (${code})`,
    };
  const [reason, words] = waitFor(code);
  return { kind: 'waits', reason, detail: `${words} (${code})` };
}

function waitFor(code: string): [WaitReason, string] {
  if (/NonExistentQueue|QueueDoesNotExist/.test(code)) return ['missing', 'the queue does not exist'];
  if (/AccessDenied|AccessDeniedException|KmsAccessDenied/.test(code))
    return ['rights', 'the function may not send to the queue'];
  return ['unreachable', 'the queue did not take it'];
}
