// The queues of endpoints, as the doctor looks at them.
import { expect, test } from 'vitest';
import { lookAtEndpoints } from '#lib/doctor/endpoints.ts';
import type { Report } from '#lib/doctor/finding.ts';
import { createSight } from '#lib/doctor/unseen.ts';
import type { Endpoint } from '#lib/endpoint/endpoint.ts';
import { ownQueueUrlsBy } from '#lib/endpoint/own-queues.ts';

const at = (account: string, name: string) => `https://sqs.eu-west-1.amazonaws.com/${account}/${name}`;
const OURS = '123456789012';
const THEIRS = '999999999999';

const endpoint = (name: string, queueUrl: string): Endpoint => ({
  name,
  type: 'sqs',
  configuration: { queueUrl },
});

test('an endpoint at an own queue is found, and one at a queue of that name in another account is not', async () => {
  const report = { findings: [], notLookedAt: [], looks: 0 } as unknown as Report;
  const sqs = { send: async () => ({ Attributes: {} }) } as never;
  await lookAtEndpoints(
    [
      endpoint('own', at(OURS, 'webhooks-dev-messages')),
      endpoint('partner', at(THEIRS, 'webhooks-dev-messages')),
    ],
    createSight('endpoints', report, false),
    { sqsIn: async () => sqs, ownQueueUrls: ownQueueUrlsBy(at(OURS, 'webhooks-dev-deliveries.fifo')) },
  );
  expect(report.findings.map(({ where }) => where)).toEqual(['endpoint own']);
});
