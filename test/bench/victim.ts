// The healthy subscription of the neighbours' benchmark, in a process of its own: its steady publisher and its callback
// server, with one clock for both.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { answering } from './beside.ts';

export type AskedOfVictim =
  /** Publishes to the topic, one message in each interval. */
  | { readonly ask: 'start'; readonly places: VictimPlaces; readonly everyMs: number }
  /** Ends publishing. Answers with the number of messages. */
  | { readonly ask: 'stop' }
  /** Answers with the delays of those that arrived since the start, in milliseconds, and how many came again. */
  | { readonly ask: 'arrived' };
export type VictimPlaces = {
  readonly url: string;
  readonly region: string;
  readonly queueUrl: string;
  readonly topic: string;
};
export type Arrived = {
  readonly delaysMs: readonly number[];
  readonly repeated: number;
  /** Milliseconds for which those that are missing have waited so far. */
  readonly missingMs: readonly number[];
};

/** Each request then needs a connection of its own, and a look-up where the callback has a name. */
const CLOSES = process.argv[2] === 'closes';

const now = () => performance.timeOrigin + performance.now();
let sentAt: number[] = [];
let arrivedAt = new Map<string, number>();
let repeated = 0;
let publishing: NodeJS.Timeout | undefined;

const server = createServer((request, response) => {
  const at = now();
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (part: string) => {
    body += part;
  });
  request.on('end', () => {
    if (arrivedAt.has(body)) repeated += 1;
    else arrivedAt.set(body, at);
    response.writeHead(204, CLOSES ? { connection: 'close' } : {}).end();
  });
});
server.keepAliveTimeout = 600_000;

function start({ url, region, queueUrl, topic }: VictimPlaces, everyMs: number): void {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const sqs = new SQSClient({ endpoint: url, region, credentials });
  sentAt = [];
  arrivedAt = new Map();
  repeated = 0;
  publishing = setInterval(() => {
    const MessageBody = String(sentAt.push(now()) - 1);
    const MessageAttributes = { topic: { DataType: 'String', StringValue: topic } };
    // A publish that fails ends this process, and with it the window.
    void sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, MessageAttributes }));
  }, everyMs);
}

function arrived(): Arrived {
  const end = now();
  const delaysMs: number[] = [];
  const missingMs: number[] = [];
  for (const [index, sent] of sentAt.entries()) {
    const at = arrivedAt.get(String(index));
    if (at === undefined) missingMs.push(end - sent);
    else delaysMs.push(at - sent);
  }
  return { delaysMs, missingMs, repeated };
}

await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address() as AddressInfo;
answering<AskedOfVictim>(`http://127.0.0.1:${port}`, (asked) => {
  switch (asked.ask) {
    case 'start':
      return start(asked.places, asked.everyMs);
    case 'stop':
      clearInterval(publishing);
      return sentAt.length;
    case 'arrived':
      return arrived();
  }
});
