// The publishers of the backlog's benchmark, in their own process: a steady one that records the time of each message, and
// a load of a given number of messages a second.
import { setTimeout as wait } from 'node:timers/promises';
import { createClients } from '#lib/local/clients.ts';
import { publishSample } from '#lib/local/publish.ts';
import { answering } from './beside.ts';
import { type Loaded, putTen } from './load.ts';

export type Places = {
  readonly url: string;
  readonly messagesQueueUrl: string;
  readonly messagesFifoQueueUrl: string;
  readonly deliveriesQueueUrl: string;
};
export type Asked =
  /** Puts the bodies `from`, `from + 1`, … on deliveries.fifo. Answers when the last one is there. */
  | {
      readonly ask: 'feed';
      readonly one: Loaded;
      readonly from: number;
      readonly count: number;
      readonly perSecond: number;
    }
  /** Starts the steady publisher: one message of the topic in each interval. */
  | { readonly ask: 'trickle'; readonly topic: string; readonly everyMs: number }
  /** Returns how many messages the steady publisher has sent. */
  | { readonly ask: 'sent' }
  /** Stops the steady publisher. Returns the time of each of its messages, by number. */
  | { readonly ask: 'end' };

const places: Places = JSON.parse(process.argv[2] ?? '');
const { sqs } = createClients(places.url);
const now = () => performance.timeOrigin + performance.now();

let sentAt: number[] = [];
let sending: Promise<unknown>[] = [];
let trickle: NodeJS.Timeout | undefined;

answering<Asked>('ready', async (asked) => {
  switch (asked.ask) {
    case 'feed': {
      const { one, from, count, perSecond } = asked;
      const startedAt = now();
      for (let at = from; at < from + count; at += 10) {
        await wait(Math.max(0, startedAt + ((at - from) / perSecond) * 1000 - now()));
        await putTen(one, at, Math.min(10, from + count - at), { sqs, ...places });
      }
      return undefined;
    }
    case 'trickle': {
      const { topic, everyMs } = asked;
      trickle = setInterval(() => {
        sending.push(publishSample(String(sentAt.length), { topic, group: topic }, { sqs, ...places }));
        sentAt.push(now());
      }, everyMs);
      return undefined;
    }
    case 'sent':
      return sentAt.length;
    case 'end': {
      clearInterval(trickle);
      await Promise.all(sending);
      const times = sentAt;
      sentAt = [];
      sending = [];
      return times;
    }
  }
});
