// The cold starts of the functions on the local set: a new process imports the bundle. For `route` and `deliver`, the first
// invocation of the same process has one message. A process of its own, which sends what it measured to the parent. Linux only.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startLocalSet } from '#lib/local/set.ts';
import { recordOf } from '#lib/local/sqs-event.ts';
import { startBeside } from './beside.ts';
import type { PhaseCost } from './cold-environment.ts';
import { functionProcessesOf } from './process-cpu.ts';
import { putItems } from './put-items.ts';
import type { AskedOfLoad } from './set-load.ts';

export type ColdJob = { readonly rounds: number; readonly functions: readonly string[] };
export type ColdStart = {
  readonly imported: PhaseCost;
  /** Undefined: this function's first event does not come from a queue of messages, so its import alone is measured. */
  readonly first: PhaseCost | undefined;
};
/** A cold start for each round, by the name of the function. */
export type ColdStarts = Readonly<Record<string, readonly ColdStart[]>>;

/** The functions whose first invocation has a message, with the queue from which it comes, in the order of its way. */
const QUEUES = { route: 'messages', deliver: 'deliveries.fifo' } as const;

const ENVIRONMENT = fileURLToPath(new URL('./cold-environment.ts', import.meta.url));
const TOPIC = 'cold';

async function measure({ rounds, functions }: ColdJob): Promise<ColdStarts> {
  const set = await startLocalSet({ root: process.cwd(), maxEnvironments: 1, freeze: false });
  const callback = await startBeside<AskedOfLoad>('./set-load.ts', { args: ['0'] });
  const documents = DynamoDBDocumentClient.from(set.clients.dynamodb);
  const configuration = { entrypointId: 'webhook-advanced', callbackUrl: `${callback.told}/0` };
  await putItems([{ id: 'cold', topic: TOPIC, type: 'webhook-advanced', qos: 'auto', configuration }], {
    documents,
    table: set.outputs.SubscriptionsTableName ?? '',
  });
  // The set's own environments take no message: they only tell how a process of each function is started.
  await Promise.all(set.mappings.map((mapping) => mapping.pause()));
  // Some refuse an event without records. Their processes have started nevertheless.
  await Promise.all(functions.map((name) => set.functions.run(name, { Records: [] })));
  const started = new Map(functions.map((name) => [name, argumentsOf(name)]));
  const costs: Record<string, ColdStart[]> = {};
  const startOnce = async (name: string, event?: object) => {
    const cost = await coldStart(started.get(name) ?? argumentsOf(name), event);
    costs[name] = [...(costs[name] ?? []), cost];
  };
  for (let round = 0; round < rounds; round++) {
    await set.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: set.outputs.MessagesQueueUrl,
        MessageBody: `${round}`.padEnd(1024, 'x'),
        MessageAttributes: { topic: { DataType: 'String', StringValue: TOPIC } },
      }),
    );
    // What `route` sends is the message of `deliver`.
    for (const [name, queue] of Object.entries(QUEUES))
      await onMessageOf(queue, (event) => startOnce(name, event));
    for (const name of functions.filter((one) => !(one in QUEUES))) await startOnce(name);
  }
  await set.functions.kill();
  return costs;

  /** Runs it with the event of the message that waits on the queue of this name, and deletes the message as a poller does. */
  async function onMessageOf(name: string, run: (event: object) => Promise<void>): Promise<void> {
    const queueArn = set.mappings
      .map(({ mapping }) => mapping.queueArn)
      .find((arn) => arn.endsWith(`-${name}`));
    if (queueArn === undefined) throw new Error(`no function reads a queue ${name}`);
    const QueueName = queueArn.slice(queueArn.lastIndexOf(':') + 1);
    const { QueueUrl } = await set.clients.sqs.send(new GetQueueUrlCommand({ QueueName }));
    const { Messages = [] } = await set.clients.sqs.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 1 },
        ...{ MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] },
      }),
    );
    if (Messages.length === 0) throw new Error(`${name} has no message`);
    await run({ Records: Messages.map((message) => recordOf(message, queueArn)) });
    for (const { ReceiptHandle } of Messages) {
      await set.clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

type Started = {
  readonly file: string;
  readonly handler: string;
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** How the local set has started its process of the function: the heap, the bundle, the handler and the variables. */
function argumentsOf(functionName: string): Started {
  const running = functionProcessesOf(process.pid).find((one) =>
    one.functionName.endsWith(`-${functionName}`),
  );
  if (running === undefined) throw new Error(`no process of ${functionName} runs`);
  const partsOf = (what: string) => readFileSync(`/proc/${running.pid}/${what}`, 'utf8').split('\0');
  const words = partsOf('cmdline').filter((word) => word !== '');
  const [file = '', handler = ''] = words.slice(-2);
  const variables = partsOf('environ')
    .filter((line) => line.includes('=') && !line.startsWith('NODE_CHANNEL'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  const options = words.filter((word) => word.startsWith('--max-'));
  return { file, handler, options, env: Object.fromEntries(variables) };
}

/** Starts a process as the local set does. Without an event, the process ends after its import. */
async function coldStart({ file, handler, options, env }: Started, event?: object): Promise<ColdStart> {
  const child = fork(ENVIRONMENT, [file, handler], {
    ...{ env, execArgv: [...options], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  });
  const answer = async (): Promise<PhaseCost> => {
    const [cost]: PhaseCost[] = await once(child, 'message');
    if (cost === undefined) throw new Error(`${file} did not answer`);
    return cost;
  };
  const imported = await answer();
  if (event === undefined) {
    child.disconnect();
    return { imported, first: undefined };
  }
  child.send(event);
  return { imported, first: await answer() };
}

const starts = await measure(JSON.parse(process.argv[2] ?? ''));
process.send?.(starts, undefined, undefined, () => process.exit());
