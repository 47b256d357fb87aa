// The queues that endpoints name: whether they exist and take dead letters. Brokers are looked up with the other names;
// `endpoints test` connects to them.
import type { SQSClient } from '@aws-sdk/client-sqs';
import { checkQueue } from '#lib/endpoint/check-queue.ts';
import type { Endpoint } from '#lib/endpoint/endpoint.ts';
import { isOneOf } from '#lib/endpoint/own-queues.ts';
import { regionOf } from '#lib/endpoint/queue.ts';
import { inTurn } from './in-turn.ts';
import type { Sight } from './unseen.ts';

const MOST_ENDPOINTS = 1_000;
const AT_ONCE = 8;

type Deps = {
  /** Undefined: the deployment's region. */
  readonly sqsIn: (region: string | undefined) => Promise<Pick<SQSClient, 'send'>>;
  readonly ownQueueUrls: readonly string[];
};

/** Finds endpoints whose queue does not exist or is one of the deployment. */
export async function lookAtEndpoints(
  endpoints: readonly Endpoint[],
  sight: Sight,
  { sqsIn, ownQueueUrls }: Deps,
): Promise<void> {
  const isOwnQueue = (url: string) => isOneOf(url, ownQueueUrls);
  const queues = endpoints.flatMap((one) => (one.type === 'sqs' ? [one] : []));
  if (queues.length > MOST_ENDPOINTS)
    sight.skip(
      `the queues of ${queues.length - MOST_ENDPOINTS} of ${queues.length} endpoints`,
      `the doctor looks at ${MOST_ENDPOINTS}`,
    );
  await inTurn(queues.slice(0, MOST_ENDPOINTS), AT_ONCE, async (endpoint) => {
    const checked = await sight.look(
      `the queue of the endpoint ${endpoint.name}`,
      'sqs:GetQueueUrl, sqs:GetQueueAttributes',
      async () => checkQueue(endpoint, { sqs: await sqsIn(regionOf(endpoint.configuration)), isOwnQueue }),
    );
    if (checked === undefined || checked.ok) return;
    if (checked.denied === true) {
      sight.skip(
        `the queue of the endpoint ${endpoint.name}`,
        'these credentials lack the right sqs:GetQueueUrl, sqs:GetQueueAttributes',
      );
      return;
    }
    sight.find({
      severity: 'error',
      where: `endpoint ${endpoint.name}`,
      what: `Dead letters do not arrive there and wait: ${checked.findings.join(' ')}`,
      fix: `Correct the endpoint, then: webhooks endpoints test ${endpoint.name}`,
    });
  });
}
