// The demo of `npm start`: a receiver that prints each delivery, the sample subscriptions of events/, and a few messages.
// It uses only the public interface.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { plain } from '#lib/cli/terminal/print.ts';
import { createDocuments } from '#lib/deployment/documents.ts';
import { createTables } from '#lib/state/table.ts';
import { listen } from './aws/listen.ts';
import { publishSample } from './publish.ts';
import { putSampleEndpoint } from './sample-endpoint.ts';
import type { LocalSet } from './set.ts';

const SAMPLES = ['none', 'auto', 'at-most-once', 'at-least-once'];
const MESSAGES = [
  { topic: 'orders', group: 'customer-7', body: '{"order":1,"customer":7}' },
  { topic: 'orders', group: 'customer-7', body: '{"order":2,"customer":7}' },
  { topic: 'page-views', body: '{"page":"/","visitor":"a"}' },
];
// `orders` has three sample subscriptions, `page-views` one.
const DELIVERIES = 7;

export type Demo = { url: string; close(): Promise<void> };
type Dependencies = {
  set: LocalSet;
  receiverPort: number;
  root: string;
  /** The broker for the samples' dead letters, as host:port. */
  kafka: string | undefined;
  print: (line: string) => void;
};

/** Starts the receiver, registers the samples, publishes, and returns after the deliveries or after a time limit. */
export async function startDemo({ set, receiverPort, root, kafka, print }: Dependencies): Promise<Demo> {
  const arrivals = new Set<string>();
  const server = createServer((req, res) => {
    receive(req, res, print).then(
      (arrival) => arrivals.add(arrival),
      () => res.destroy(),
    );
  });
  const receiver = await listen(server, receiverPort, 'RECEIVER_PORT').catch((cause: unknown) => {
    throw new Error(
      `The receiver of the demo can't start. ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  });
  print(`Callbacks go to ${receiver.url}, which answers 200, or 503 to a path with ?status=503.`);
  const { subscriptionsTable } = createTables(createDocuments(set.clients.dynamodb), {
    subscriptionsTable: set.outputs.SubscriptionsTableName ?? '',
  });
  print(`Dead letters of the samples go to ${await putSampleEndpoint({ set, root, kafka })}.`);
  for (const name of SAMPLES) {
    const item = sample(join(root, `events/subscription-${name}.json`), receiver.url);
    await subscriptionsTable.put(item);
  }
  for (const { body, ...publishing } of MESSAGES) {
    await publishSample(body, publishing, {
      sqs: set.clients.sqs,
      messagesQueueUrl: set.outputs.MessagesQueueUrl ?? '',
      messagesFifoQueueUrl: set.outputs.MessagesFifoQueueUrl ?? '',
    });
  }
  for (let checks = 0; arrivals.size < DELIVERIES && checks < 300; checks++) await setTimeout(100);
  if (arrivals.size < DELIVERIES)
    print(`Only ${arrivals.size} of ${DELIVERIES} sample deliveries have arrived so far.`);
  return { url: receiver.url, close: receiver.close };
}

const sampleSchema = z.looseObject({ configuration: z.looseObject({ callbackUrl: z.url() }) });

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** The sample with its callback URL changed to the receiver's address. */
function sample(file: string, receiverUrl: string): Record<string, unknown> {
  const item = sampleSchema.parse(read(file));
  const { pathname } = new URL(item.configuration.callbackUrl);
  return { ...item, configuration: { ...item.configuration, callbackUrl: `${receiverUrl}${pathname}` } };
}

/** Prints one line for the delivery, and returns a key that is unique for the delivery. */
async function receive(
  req: IncomingMessage,
  res: ServerResponse,
  print: (line: string) => void,
): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://receiver');
  const asked = Number(searchParams.get('status') ?? 200);
  const status = asked >= 200 && asked <= 599 ? asked : 200;
  res.writeHead(status, { 'content-length': 0 }).end();
  const subscription = pathname.slice(1);
  const id = String(req.headers['webhook-id'] ?? '(none)');
  const body = Buffer.concat(chunks).toString().replace(/\s+/g, ' ').slice(0, 80);
  const time = new Date().toISOString().slice(11, 23);
  print(plain(`${time}  ${subscription.padEnd(22)} ${status}  webhook-id ${id}  ${body}`));
  return `${subscription} ${id}`;
}
