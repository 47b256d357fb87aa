// This set for the comparison. The pollers and the other emulators run in this process; DynamoDB and each environment of a
// function run in its children.
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { startLocalSet } from '#lib/local/set.ts';
import { answering, startBeside } from '../beside.ts';
import { EMULATOR_FLAGS } from '../emulator-flags.ts';
import type { AskedOfLoad } from '../set-load.ts';
import { createWarmUp } from '../warm-environments.ts';

export type AskedOfOwn = {
  readonly topic: string;
  readonly urls: readonly string[];
  readonly requestsAtOnce: number;
};
export type ToldByOwn = { readonly url: string; readonly queueUrl: string; readonly pid: number };

/** The other senders sign each request by default. */
const SIGNING_KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
/** As if for ever: the CPU time of an environment that has ended can't be read any more. */
const IDLE_MS = 24 * 60 * 60_000;

const ENVIRONMENTS = 8;
/** As in peers.ts; a short run also has a short warm-up. */
const SIZE = Math.min(1, Number(process.env.SIZE ?? 1));

// Also while it starts, which takes a minute.
process.once('disconnect', () => process.exit());
const warmUp = createWarmUp();
const { intercept } = warmUp;
const dynamodb = await startBeside('./dynamodb.ts', { flags: EMULATOR_FLAGS });
// Not frozen between invocations: the signals of this emulation cost the functions CPU time, which they do not cost on AWS.
const set = await startLocalSet({
  root: process.cwd(),
  dynamodbUrl: dynamodb.told,
  maxEnvironments: ENVIRONMENTS,
  freeze: false,
  idleMs: IDLE_MS,
  intercept,
});
set.functions.onInvocation(({ function: name, result }) => {
  if (!result.ok) console.error(`${name} failed: ${result.errorType}: ${result.errorMessage}`);
});
// All environments are started before, so that no import is counted.
const names = ['route', 'deliver'].flatMap((name) => Array.from({ length: ENVIRONMENTS }, () => name));
await Promise.all(names.map((name) => set.functions.invoke(name, { Records: [] })));
const load = await startBeside<AskedOfLoad>('./set-load.ts');
// Some messages are parked, as those of dead and slow receivers will be.
await warmUp.warm(set, load, {
  environments: ENVIRONMENTS,
  each: 100,
  parking: 8,
  burst: Math.round(20_000 * SIZE),
});
load.close();
// Every minute later on: its first run starts a process, which would take the time of a measured window.
await set.schedules.run('resume');
const documents = DynamoDBDocumentClient.from(set.clients.dynamodb);

async function subscribe({ topic, urls, requestsAtOnce }: AskedOfOwn): Promise<void> {
  for (const [index, callbackUrl] of urls.entries()) {
    const Item = {
      ...{ id: `${topic}-${index}`, topic, type: 'webhook-advanced', qos: 'auto' },
      configuration: {
        entrypointId: 'webhook-advanced',
        callbackUrl,
        signing: { keys: [SIGNING_KEY] },
        http: { maxConcurrentConnections: requestsAtOnce, readTimeout: 15_000 },
      },
    };
    await documents.send(new PutCommand({ TableName: set.outputs.SubscriptionsTableName, Item }));
  }
}

const told: ToldByOwn = { url: set.url, queueUrl: set.outputs.MessagesQueueUrl ?? '', pid: process.pid };
answering<AskedOfOwn>(JSON.stringify(told), subscribe);
