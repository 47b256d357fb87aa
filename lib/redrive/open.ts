// From an endpoint's name to the source that its letters are read from.
import type { SQSClient } from '@aws-sdk/client-sqs';
import { UNDELIVERABLE } from '#lib/endpoint/endpoint.ts';
import type { FoundEndpoint } from '#lib/endpoint/found.ts';
import { queueAddress } from '#lib/endpoint/queue.ts';
import { type Fault, inWords } from '#lib/subscription/subscription.ts';
import type { Opening } from './redrive.ts';
import type { Source } from './source.ts';
import { openQueue } from './sqs-source.ts';

export type OpenDeps = {
  readonly readEndpoint: (name: string) => Promise<FoundEndpoint>;
  /** A client for the queues of a region; of the function's own, where none is named. */
  readonly sqsIn: (region: string | undefined) => Pick<SQSClient, 'send'>;
  readonly undeliverableQueueUrl: string;
  /** The endpoint that stands in AWS's place, if one does. */
  readonly emulator: string | undefined;
  readonly now: () => number;
};

/** Opens what the request names. Throws SourceUnreadable where it can't be read, and what AWS throws. */
export async function openSource(
  { request, endsAt }: Opening,
  deps: OpenDeps,
): Promise<Source | { readonly faults: readonly Fault[] }> {
  const { endpoint: name, dryRun, offsets } = request;
  const { now, sqsIn } = deps;
  const queue = (queueUrl: string, region?: string) =>
    offsets === undefined
      ? openQueue({ endsAt, dryRun }, { sqs: sqsIn(region), queueUrl, now })
      : fault('offsets', 'are of a Kafka topic, and the endpoint is a queue: leave them out');
  if (name === UNDELIVERABLE) return await queue(deps.undeliverableQueueUrl);

  const config = await deps.readEndpoint(name);
  if (config.kind === 'absent') {
    return fault('endpoint', `there is no endpoint ${name}: put its item, or name another`);
  }
  if (config.kind === 'invalid') {
    return fault(
      'endpoint',
      `the item of ${name} is not right, put it right first: ${inWords(config.faults)}`,
    );
  }
  const { endpoint } = config;
  switch (endpoint.type) {
    case 'sqs': {
      const { url, region } = queueAddress(endpoint.configuration, deps.emulator);
      return await queue(url, region);
    }
    case 'kafka':
      return fault('endpoint', `${name} is a Kafka topic, which this version does not read back yet`);
    default:
      return endpoint satisfies never;
  }
}

const fault = (path: string, reason: string) => ({ faults: [{ path, reason }] });
