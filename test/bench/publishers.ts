// Who publishes in the backlog's benchmark, in a process of its own: a trickle, message by message, whose times it keeps,
// and a load of so many a second.
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
  /** The bodies `from`, `from + 1`, ... on deliveries.fifo; answers when the last is there. */
  | {
      readonly ask: 'feed';
      readonly one: Loaded;
      readonly from: number;
      readonly count: number;
      readonly perSecond: number;
    }
  /** One message of the topic each so often, until told to end. */
  | { readonly ask: 'trickle'; readonly topic: string; readonly everyMs: number }
  /** How many the trickle has sent so far. */
  | { readonly ask: 'sent' }
  /** Ends the trickle; answers with the time of each of its messages, by number. */
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
