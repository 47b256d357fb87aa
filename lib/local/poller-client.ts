// The SQS client of the pollers. Their calls are made as the functions make theirs: with the SDK, they would take more of this
// process than the emulated services do. On AWS the pollers take nothing of the functions' machines.
import { type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { leanSqs } from '#lib/aws/lean-sqs.ts';
import { createRequestHandler } from '#lib/aws/request-handler.ts';
import { createSignedCall } from '#lib/aws/signed-call.ts';

export type PollerClient = {
  readonly sqs: Pick<SQSClient, 'send'>;
  /** Closes its connections; a long poll on one of them fails. */
  destroy(): void;
};

/** A long poll takes 20 s at most, and this machine may be busy. */
const TIMEOUTS = { connectTimeoutMs: 5_000, requestTimeoutMs: 40_000 };
const TARGET = 'AmazonSQS.ReceiveMessage';

/** Makes the client from the SDK's, whose region and credentials it uses. */
export function createPollerClient(sdk: SQSClient): PollerClient {
  const requestHandler = createRequestHandler(TIMEOUTS);
  const { credentials, region } = sdk.config;
  const call = createSignedCall({ service: 'sqs', credentials, region, requestHandler, maxAttempts: 3 });
  const lean = leanSqs(sdk, call);

  async function receive(
    { input }: ReceiveMessageCommand,
    { abortSignal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<{ readonly $metadata: object; readonly Messages?: readonly Message[] }> {
    const endpoint = () => new URL('/', input.QueueUrl);
    const answer = await call({ target: TARGET, body: JSON.stringify(input), endpoint, abortSignal });
    const text = answer.toString('utf8');
    return { $metadata: {}, ...JSON.parse(text, text.includes('"BinaryValue"') ? decoded : undefined) };
  }

  const send = (
    command: Parameters<typeof lean.send>[0],
    options?: { readonly abortSignal?: AbortSignal },
  ) => (command instanceof ReceiveMessageCommand ? receive(command, options) : lean.send(command, options));
  // The SDK's type has one overload for each command and callback, and the pollers use only promises.
  return { sqs: { send: send as SQSClient['send'] }, destroy: () => requestHandler.destroy?.() };
}

/** JSON has bytes in base64, where the SDK gives bytes. */
const decoded = (key: string, value: unknown): unknown =>
  key === 'BinaryValue' && typeof value === 'string' ? Buffer.from(value, 'base64') : value;
