// The endpoint of the samples' dead letters: a queue created for them, or a topic of the broker that `--kafka` names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { createDocuments } from '#lib/deployment/documents.ts';
import { failureOf } from '#lib/kafka/failure.ts';
import { createTables } from '#lib/state/table.ts';
import type { LocalSet } from './set.ts';

type Options = { readonly set: LocalSet; readonly root: string; readonly kafka: string | undefined };

const itemSchema = z.looseObject({ name: z.string(), configuration: z.object({ queueArn: z.string() }) });

/** Registers the samples' endpoint and returns its destination in words. Throws if the broker can't be used. */
export async function putSampleEndpoint({ set, root, kafka }: Options): Promise<string> {
  const text = readFileSync(join(root, 'events/endpoint-sample-dlq.json'), 'utf8');
  const { name, configuration } = itemSchema.parse(JSON.parse(text));
  const { endpointsTable } = createTables(createDocuments(set.clients.dynamodb), {
    endpointsTable: set.outputs.EndpointsTableName ?? '',
  });
  const put = (item: Record<string, unknown>) => endpointsTable.put({ name, ...item });
  if (kafka !== undefined) {
    await makeTopic(kafka, name);
    await put({ type: 'kafka', configuration: { bootstrapServers: kafka, topic: name } });
    return `the topic ${name} on ${kafka}`;
  }
  const QueueName = configuration.queueArn.split(':').at(-1) ?? '';
  await set.clients.sqs.send(new CreateQueueCommand({ QueueName }));
  // By its ARN, so that the file is right whatever the port is.
  await put({ type: 'sqs', configuration });
  return `the queue ${QueueName}`;
}

async function makeTopic(server: string, topic: string): Promise<void> {
  const { Admin } = await import('@platformatic/kafka');
  const admin = new Admin({ clientId: 'sqs-webhooks', bootstrapBrokers: [server], retries: 1 });
  try {
    if ((await admin.listTopics()).includes(topic)) return;
    await admin.createTopics({ topics: [topic], partitions: 3, replicas: -1 });
  } catch (cause) {
    const { detail } = failureOf(cause);
    throw new Error(`--kafka ${server}: the topic ${topic} can't be created: ${detail}`, { cause });
  } finally {
    await admin.close();
  }
}
