// `endpoints test`: whether dead letters would arrive, seen from this machine. The function has its own network and rights.

import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { refuseItem } from '#lib/cli/terminal/faults.ts';
import { plain } from '#lib/cli/terminal/print.ts';
import { brokerAddresses } from '#lib/deployment/rules.ts';
import { checkQueue, type EndpointChecked } from '#lib/endpoint/check-queue.ts';
import type { Endpoint, KafkaEndpoint } from '#lib/endpoint/endpoint.ts';
import { isOneOf, ownQueueUrlsBy, QUEUES } from '#lib/endpoint/own-queues.ts';
import { regionOf } from '#lib/endpoint/queue.ts';
import { queueNameIn } from '#lib/queue/name.ts';
import { endpointOf } from './endpoint-items.ts';
import { readRules } from './rules.ts';

/** Checks an endpoint and prints the findings. Ends the command with exit code 1 when one is bad. */
export async function testEndpoint(name: string, context: CommandContext): Promise<void> {
  const found = await endpointOf(name, context);
  if (found.kind !== 'valid') refuseItem(`The item of ${name}`, found.kind === 'invalid' ? found.faults : []);
  const { ok, findings } = await check(found.endpoint, context);
  const { print } = context;
  print.result({ name, ok, findings }, () =>
    [
      `${name}: ${print.paint(ok ? 'green' : 'red', ok ? 'good' : 'not good')}.`,
      ...findings.map((one) => `  ${plain(one)}`),
    ].join('\n'),
  );
  if (!ok)
    throw new CommandFailed(
      `Dead letters would not arrive at ${name}: they would wait in the dead-letters queue and be tried again.`,
    );
}

async function check(endpoint: Endpoint, context: CommandContext): Promise<EndpointChecked> {
  switch (endpoint.type) {
    case 'sqs':
      return await checkQueue(endpoint, {
        sqs: await context.sqs(regionOf(endpoint.configuration)),
        isOwnQueue: (url) => isOwnQueue(url, context),
      });
    case 'kafka':
      return await checkKafka(endpoint, context);
    default:
      return endpoint satisfies never;
  }
}

/** Queues of other accounts may have the same names. */
async function isOwnQueue(url: string, { names, queueUrl }: CommandContext): Promise<boolean> {
  if (!QUEUES.some((name) => names.queue(name) === queueNameIn(url))) return false;
  return isOneOf(url, ownQueueUrlsBy(await queueUrl('deliveries.fifo')));
}

async function checkKafka(endpoint: KafkaEndpoint, context: CommandContext): Promise<EndpointChecked> {
  const { checkTopic } = await import('./check-topic.ts');
  const { createSecrets } = await import('#lib/credentials/secrets.ts');
  const { createIamToken } = await import('#lib/kafka/iam-token.ts');
  const { systemLookup } = await import('#lib/callback/guard.ts');
  const { credentials, region } = (await context.sqs()).config;
  const rules = await readRules(context);
  return await checkTopic(endpoint, {
    secrets: createSecrets({ client: await context.secrets(), cacheMs: 60_000, now: Date.now }),
    iamToken: createIamToken({ credentials, region, now: Date.now }),
    brokers: { lookup: systemLookup, addresses: brokerAddresses(rules) },
    allowAnyHostname: rules.allowAnyHostname,
  });
}
