// The publisher and the callback of the whole set's benchmark, in a process of their own: with one clock for both, and so
// that their CPU is counted for nobody.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { createArrivals, type Loaded } from './arrivals.ts';
import { answering } from './beside.ts';

export type LoadPlaces = { readonly url: string; readonly region: string; readonly queueUrl: string };
export type AskedOfLoad =
  /** Publishes messages of the topic, and answers when every delivery of them has arrived, or after the time limit. */
  {
    readonly places: LoadPlaces;
    readonly topic: string;
    /** The messages go to so many topics in turn, which are named `topic-0`, `topic-1` and so on; left out: to `topic` itself. */
    readonly topics?: number;
    /** Bytes of a payload; 1 KiB when left out. */
    readonly bodyBytes?: number;
    readonly messages: number;
    /** Messages a second, each in a call of its own; undefined: as fast as they go, ten a call. */
    readonly perSecond: number | undefined;
    readonly deliveriesEach: number;
    readonly limitMs: number;
  };
const USUAL_BODY_BYTES = 1024;
/** SQS takes 1 MiB in a call. */
const CALL_BYTES = 900_000;
/** The callback answers so long after it has the body. */
const ANSWER_MS = Number(process.argv[2] ?? 0);
/** Calls of a burst that are made at once. */
const CALLS_AT_ONCE = 8;

const arrivals = createArrivals();

const server = createServer((request, response) => {
  const at = performance.now();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    if (ANSWER_MS > 0) await wait(ANSWER_MS);
    response.writeHead(204).end();
    const [ofRun, number] = Buffer.concat(chunks).toString('utf8', 0, 32).split(' ').map(Number);
    arrivals.note({ ofRun, number, path: request.url, at });
  });
});
server.keepAliveTimeout = 600_000;

/** The body of a message begins with the run and the message's number. */
const bodyOf = (number: number, bytes = USUAL_BODY_BYTES): string =>
  `${arrivals.run()} ${number} `.padEnd(bytes, 'x');

async function load(asked: AskedOfLoad): Promise<Loaded> {
  arrivals.begin(asked.messages * asked.deliveriesEach);
  await (asked.perSecond === undefined ? burst(asked) : steady(asked, asked.perSecond));
  return await arrivals.end(asked.limitMs);
}

async function burst(asked: AskedOfLoad): Promise<void> {
  const { places, messages, bodyBytes = USUAL_BODY_BYTES } = asked;
  const sqs = clientAt(places);
  const together = Math.max(1, Math.min(10, Math.floor(CALL_BYTES / bodyBytes)));
  let next = 0;
  const sendAll = async () => {
    while (next < messages) {
      const first = next;
      next = Math.min(messages, first + together);
      const at = performance.now();
      const Entries: SendMessageBatchRequestEntry[] = [];
      for (let number = first; number < next; number++) {
        arrivals.publishing(number, at);
        Entries.push({
          Id: String(number),
          MessageBody: bodyOf(number, bodyBytes),
          ...attributesOf(topicOf(number, asked)),
        });
      }
      const { Failed = [] } = await sqs.send(
        new SendMessageBatchCommand({ QueueUrl: places.queueUrl, Entries }),
      );
      if (Failed.length > 0) throw new Error(`not taken: ${Failed[0]?.Code}`);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, sendAll));
  sqs.destroy();
}

async function steady(asked: AskedOfLoad, perSecond: number): Promise<void> {
  const { places, messages } = asked;
  const sqs = clientAt(places);
  const startedAt = performance.now();
  const sends: Promise<unknown>[] = [];
  for (let number = 0; number < messages; number++) {
    await wait(Math.max(0, startedAt + (number / perSecond) * 1000 - performance.now()));
    arrivals.publishing(number, performance.now());
    const command = {
      QueueUrl: places.queueUrl,
      MessageBody: bodyOf(number, asked.bodyBytes),
      ...attributesOf(topicOf(number, asked)),
    };
    sends.push(sqs.send(new SendMessageCommand(command)));
  }
  await Promise.all(sends);
  sqs.destroy();
}

const clientAt = ({ url, region }: LoadPlaces) =>
  new SQSClient({ endpoint: url, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });

const topicOf = (number: number, { topic, topics }: Pick<AskedOfLoad, 'topic' | 'topics'>): string =>
  topics === undefined ? topic : `${topic}-${number % topics}`;

const attributesOf = (topic: string) => ({
  MessageAttributes: { topic: { DataType: 'String', StringValue: topic } },
});

await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address() as AddressInfo;
answering<AskedOfLoad>(`http://127.0.0.1:${port}`, load);
