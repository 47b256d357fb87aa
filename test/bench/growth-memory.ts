// The memory of one environment of `deliver` while ten receivers at the same time try to fill it. A process of its own, which
// sends what it measured to the parent.

import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { startLocalSet } from '#lib/local/set.ts';
import { startBeside } from './beside.ts';
import { HOSTILE_ANSWERS } from './hostile-answers.ts';
import { functionProcessesOf, peakMiBOf } from './process-cpu.ts';

export type MemoryJob = { readonly environments: number; readonly seconds: number };
export type HostileMemory = {
  /** The most memory of an environment of `deliver`, in MiB: after its first invocation, and at the end. */
  readonly idleMiB: number;
  readonly peakMiB: number;
  /** Requests that the receivers got. */
  readonly requests: number;
  /** Invocations that did not end as they should. */
  readonly failures: number;
};

const READ_TIMEOUT_MS = 2_000;

async function measure({ environments, seconds }: MemoryJob): Promise<HostileMemory> {
  const hostile = await startBeside<'count'>('./hostile-answers.ts');
  const set = await startLocalSet({ root: process.cwd(), pollSeconds: 1, maxEnvironments: environments });
  let failures = 0;
  set.functions.onInvocation(({ result }) => {
    if (!result.ok) failures += 1;
  });
  const peak = () =>
    Math.max(
      ...functionProcessesOf(process.pid)
        .filter(({ functionName }) => functionName.endsWith('-deliver'))
        .map(({ pid }) => peakMiBOf(pid)),
    );
  await set.functions.invoke('deliver', { Records: [] });
  const idleMiB = peak();
  const documents = DynamoDBDocumentClient.from(set.clients.dynamodb);
  const ids = HOSTILE_ANSWERS.map((_, index) => `hostile-${index}`);
  for (const [index, id] of ids.entries()) {
    const Item = {
      id,
      topic: id,
      type: 'webhook-advanced',
      qos: 'auto',
      configuration: {
        entrypointId: 'webhook-advanced',
        callbackUrl: `${hostile.told}/${index}`,
        http: { readTimeout: READ_TIMEOUT_MS, maxConcurrentConnections: 1 },
      },
    };
    await documents.send(new PutCommand({ TableName: set.outputs.SubscriptionsTableName, Item }));
  }
  const endsAt = performance.now() + seconds * 1000;
  let peakMiB = idleMiB;
  for (let round = 0; performance.now() < endsAt; round++) {
    await Promise.all(
      ids.map((subscription) =>
        set.clients.sqs.send(
          new SendMessageCommand({
            QueueUrl: set.outputs.MessagesQueueUrl,
            MessageBody: String(round),
            MessageAttributes: { subscription: { DataType: 'String', StringValue: subscription } },
          }),
        ),
      ),
    );
    await set.functions.idle();
    peakMiB = Math.max(peakMiB, peak());
  }
  await Promise.all(set.mappings.map((mapping) => mapping.idle()));
  const measured = {
    idleMiB,
    peakMiB: Math.max(peakMiB, peak()),
    requests: await hostile.ask<number>('count'),
    failures,
  };
  await set.functions.kill();
  return measured;
}

const measured = await measure(JSON.parse(process.argv[2] ?? ''));
process.send?.(measured, undefined, undefined, () => process.exit());
