// The address of an `sqs` endpoint's queue: URL and region, from a URL or an ARN.
import { GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SqsEndpoint } from './endpoint.ts';
import { regionOfHost } from './queue-host.ts';

export type QueueAddress = {
  readonly url: string;
  /** Undefined when the URL does not contain it: the function's own region. */
  readonly region: string | undefined;
};

const ARN = /^arn:(aws[a-z-]*):sqs:([a-z0-9-]+):(\d{12}):(.+)$/;

type Configuration = SqsEndpoint['configuration'];

/** The queue's region; undefined when its address does not contain it. */
export function regionOf(configuration: Configuration): string | undefined {
  if ('queueArn' in configuration) return ARN.exec(configuration.queueArn)?.[2];
  return regionOfHost(URL.parse(configuration.queueUrl)?.hostname ?? '');
}

/** The queue's URL; SQS is asked for it when the endpoint is an ARN. Throws what SQS throws. */
export async function queueUrlOf(
  configuration: Configuration,
  sqs: Pick<SQSClient, 'send'>,
): Promise<string> {
  if ('queueUrl' in configuration) return configuration.queueUrl;
  const [, , , account, name] = ARN.exec(configuration.queueArn) ?? [];
  const { QueueUrl } = await sqs.send(
    new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }),
  );
  if (QueueUrl === undefined) throw new Error('SQS gave no URL of the queue');
  return QueueUrl;
}

/** URL and region without asking AWS. `emulator`: the endpoint of an emulated AWS, where an ARN's queue is then. */
export function queueAddress(configuration: Configuration, emulator: string | undefined): QueueAddress {
  if ('queueUrl' in configuration) {
    return { url: configuration.queueUrl, region: regionOf(configuration) };
  }
  const [, partition = 'aws', region = '', account = '', name = ''] = ARN.exec(configuration.queueArn) ?? [];
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const origin = emulator ? emulator.replace(/\/$/, '') : `https://sqs.${region}.${domain}`;
  return { url: `${origin}/${account}/${name}`, region: emulator ? undefined : region };
}
