// Opens the source of an endpoint's dead letters by the endpoint's name.
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { FoundEndpoint } from '#lib/endpoint/directory.ts';
import { type KafkaConfiguration, UNDELIVERABLE } from '#lib/endpoint/endpoint.ts';
import { isOneOf } from '#lib/endpoint/own-queues.ts';
import type { PlaceRules } from '#lib/endpoint/places.ts';
import { queueAddress } from '#lib/endpoint/queue.ts';
import { type Fault, faultsAsText } from '#lib/item/fault.ts';
import type { KafkaConnection } from '#lib/kafka/connection.ts';
import { createTopicReader } from '#lib/kafka/topic-reader.ts';
import type { WaitClock } from '#lib/queue/unprocessed.ts';
import { openTopic } from './kafka-source.ts';
import type { Opening } from './redrive.ts';
import type { Source } from './source.ts';
import { openQueue } from './sqs-source.ts';

export type OpenDeps = {
  readonly readEndpoint: (name: string) => Promise<FoundEndpoint>;
  /** A client for the queues of a region; undefined: the function's own region. */
  readonly sqsIn: (region: string | undefined) => Pick<SQSClient, 'send'>;
  readonly connectTo: (configuration: KafkaConfiguration) => Promise<KafkaConnection>;
  /** Our own queues: messages read from them would be invisible to the functions meanwhile. */
  readonly ownQueueUrls: readonly string[];
  readonly undeliverableQueueUrl: string;
  /** Called before the first request to an endpoint's URL, because a request is signed and has the session's token. */
  readonly checkQueueUrl: PlaceRules['checkQueueUrl'];
  /** Endpoint of an emulated AWS; undefined on AWS. */
  readonly emulator: string | undefined;
  readonly clock: WaitClock;
};

/** Opens the request's endpoint. Throws SourceUnreadable when it can't be read, and AWS's own errors. */
export async function openSource(
  { request, cursor, endsAt }: Opening,
  deps: OpenDeps,
): Promise<Source | { readonly faults: readonly Fault[] }> {
  const { endpoint: name, dryRun, offsets } = request;
  const { clock, sqsIn } = deps;
  const { now } = clock;
  const queue = (queueUrl: string, region?: string) =>
    offsets === undefined
      ? openQueue({ endsAt, dryRun }, { sqs: sqsIn(region), queueUrl, clock })
      : fault('offsets', 'are of a Kafka topic, and the endpoint is a queue: leave them out');
  async function topic(configuration: KafkaConfiguration) {
    const connection = await deps.connectTo(configuration);
    if (!connection.ok) return fault('endpoint', `the topic can't be read: ${connection.message}`);
    const reader = await createTopicReader(configuration.topic, connection);
    const since = request.filter.from;
    try {
      return await openTopic({ since, offsets, cursor: cursor?.partitions }, { reader, now });
    } catch (error) {
      await reader.close();
      throw error;
    }
  }
  if (name === UNDELIVERABLE) return await queue(deps.undeliverableQueueUrl);

  const config = await deps.readEndpoint(name);
  if (config.kind === 'absent') {
    return fault('endpoint', `there is no endpoint ${name}: put its item, or name another`);
  }
  if (config.kind === 'invalid') {
    return fault(
      'endpoint',
      `the item of endpoint ${name} is invalid; correct it first: ${faultsAsText(config.faults)}`,
    );
  }
  const { endpoint } = config;
  switch (endpoint.type) {
    case 'sqs': {
      const { url, region } = queueAddress(endpoint.configuration, deps.emulator);
      const refusal = deps.checkQueueUrl(url);
      if (refusal !== undefined)
        return fault('endpoint', `the URL of the queue of endpoint ${name} ${refusal}`);
      if (isOneOf(url, deps.ownQueueUrls)) {
        return fault(
          'endpoint',
          `endpoint ${name} names one of the product's own queues; redrive reads only undeliverable, by that name, and queues that no function reads`,
        );
      }
      return await queue(url, region);
    }
    case 'kafka':
      return await topic(endpoint.configuration);
    default:
      return endpoint satisfies never;
  }
}

const fault = (path: string, reason: string) => ({ faults: [{ path, reason }] });
