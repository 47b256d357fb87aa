// Where an `sqs` endpoint's queue is: the URL to call it by and the region to call it in, from a URL or an ARN. Asks
// nothing of AWS.
import type { SqsEndpoint } from './endpoint.ts';

export type QueueAddress = {
  readonly url: string;
  /** Undefined where the URL does not tell: the function's own. */
  readonly region: string | undefined;
};

const ARN = /^arn:(aws[a-z-]*):sqs:([a-z0-9-]+):(\d{12}):(.+)$/;
const HOST = /^(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com(?:\.cn)?$/;

/** `emulator`: the endpoint that stands in AWS's place, which is where an ARN's queue is then. */
export function queueAddress(
  configuration: SqsEndpoint['configuration'],
  emulator: string | undefined,
): QueueAddress {
  if ('queueUrl' in configuration) {
    const [, current, legacy] = HOST.exec(new URL(configuration.queueUrl).hostname) ?? [];
    return { url: configuration.queueUrl, region: current ?? legacy };
  }
  const [, partition = 'aws', region = '', account = '', name = ''] = ARN.exec(configuration.queueArn) ?? [];
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const origin = emulator ? emulator.replace(/\/$/, '') : `https://sqs.${region}.${domain}`;
  return { url: `${origin}/${account}/${name}`, region: emulator ? undefined : region };
}
