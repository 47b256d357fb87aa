// The cold start of `route` and of `deliver` on the local set: a new process imports the bundle, and its first invocation has
// one message. A process of its own, which sends what it measured to the parent. Linux only.
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
import type { ColdCost } from './cold-environment.ts';
import { functionProcessesOf } from './process-cpu.ts';
import { putItems } from './put-items.ts';
import type { AskedOfLoad } from './set-load.ts';

/** The functions whose first invocation has a message of a queue, in the order of its way. */
const COLD_FUNCTIONS = ['route', 'deliver'] as const;
export type ColdJob = { readonly rounds: number };
/** A cost for each round. */
export type ColdStarts = Readonly<Record<(typeof COLD_FUNCTIONS)[number], readonly ColdCost[]>>;

const ENVIRONMENT = fileURLToPath(new URL('./cold-environment.ts', import.meta.url));
const TOPIC = 'cold';

async function measure({ rounds }: ColdJob): Promise<ColdStarts> {
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
  await Promise.all(COLD_FUNCTIONS.map((name) => set.functions.invoke(name, { Records: [] })));
  const started = { route: argumentsOf('route'), deliver: argumentsOf('deliver') };
  const costs: Record<(typeof COLD_FUNCTIONS)[number], ColdCost[]> = { route: [], deliver: [] };
  for (let round = 0; round < rounds; round++) {
    await set.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: set.outputs.MessagesQueueUrl,
        MessageBody: `${round}`.padEnd(1024, 'x'),
        MessageAttributes: { topic: { DataType: 'String', StringValue: TOPIC } },
      }),
    );
    // What `route` sends is the message of `deliver`.
    costs.route.push(await onMessageOf('messages', (event) => coldStart(started.route, event)));
    costs.deliver.push(await onMessageOf('deliveries.fifo', (event) => coldStart(started.deliver, event)));
  }
  await set.functions.kill();
  return costs;

  /** Runs it with the event of the message that waits on the queue of this name, and deletes the message as a poller does. */
  async function onMessageOf(name: string, run: (event: object) => Promise<ColdCost>): Promise<ColdCost> {
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
    const cost = await run({ Records: Messages.map((message) => recordOf(message, queueArn)) });
    for (const { ReceiptHandle } of Messages) {
      await set.clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
    return cost;
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

async function coldStart({ file, handler, options, env }: Started, event: object): Promise<ColdCost> {
  const child = fork(ENVIRONMENT, [file, handler], {
    ...{ env, execArgv: [...options], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  });
  await once(child, 'message');
  child.send(event);
  const [cost]: ColdCost[] = await once(child, 'message');
  if (cost === undefined) throw new Error(`${file} did not answer`);
  return cost;
}

const starts = await measure(JSON.parse(process.argv[2] ?? ''));
process.send?.(starts, undefined, undefined, () => process.exit());
