// The SDK's client of SQS, with the calls of `route` and `deliver` made by signed-call.ts. All other commands are the SDK's.
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SignedCall } from './signed-call.ts';

type Command = { readonly constructor: unknown; readonly input: unknown };
type SendOptions = { readonly abortSignal?: AbortSignal };

const TARGETS = new Map<unknown, string>([
  [SendMessageBatchCommand, 'AmazonSQS.SendMessageBatch'],
  [DeleteMessageBatchCommand, 'AmazonSQS.DeleteMessageBatch'],
  [ChangeMessageVisibilityBatchCommand, 'AmazonSQS.ChangeMessageVisibilityBatch'],
  // Rare, but the first batch of each environment of `route` waits for it, and the SDK's first call takes tens of milliseconds.
  [GetQueueAttributesCommand, 'AmazonSQS.GetQueueAttributes'],
]);

/**
 * Returns the client with the calls above made by `call`. As with the SDK, a queue's URL names the endpoint. The SDK's check
 * of MD5 sums is left out: the signature holds a hash of the body.
 */
export function leanSqs(sdk: Pick<SQSClient, 'send'>, call: SignedCall): Pick<SQSClient, 'send'> {
  const origins = new Map<string, URL>();

  function originOf(queueUrl: string): URL {
    const known = origins.get(queueUrl) ?? new URL('/', queueUrl);
    origins.set(queueUrl, known);
    return known;
  }

  async function sendLean(target: string, input: object, { abortSignal }: SendOptions): Promise<unknown> {
    const queueUrl = 'QueueUrl' in input ? String(input.QueueUrl) : '';
    const body = JSON.stringify(input);
    const answer = await call({ target, body, endpoint: () => originOf(queueUrl), abortSignal });
    return { $metadata: {}, ...JSON.parse(answer.toString('utf8')) };
  }

  const send = (command: Command, options: SendOptions = {}): unknown => {
    const target = TARGETS.get(command.constructor);
    const { input } = command;
    return target === undefined || typeof input !== 'object' || input === null
      ? sdk.send(command as Parameters<SQSClient['send']>[0], options)
      : sendLean(target, input, options);
  };
  // The SDK's type has one overload for each command and callback, and our callers use only promises.
  return { send: send as SQSClient['send'] };
}
