// redrive over queues in memory, on time that the test owns: what lies in a queue, what is asked, and what went where.

import { decodeDelivery } from '#lib/message/attribute.ts';
import { createQueues } from '#lib/queue/queues.ts';
import { openSource } from '#lib/redrive/open-source.ts';
import { type RedriveAnswer, redrive } from '#lib/redrive/redrive.ts';
import { parseRedriveRequest } from '#lib/redrive/request.ts';
import type { Target } from '#lib/redrive/send.ts';
import { createSendBack } from '#lib/redrive/send-back.ts';
import type { CountName } from '#lib/telemetry/log.ts';
import { createMemoryQueues } from './memory-queues.ts';
import { attributesOf } from './records.ts';

const at = (name: string) => `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`;
export const URLS = {
  rejected: at('rejected'),
  rejectedFifo: at('rejected.fifo'),
  undeliverable: at('undeliverable'),
  deliveries: at('deliveries.fifo'),
  messages: at('messages'),
  messagesFifo: at('messages.fifo'),
} as const;

/** When a world begins, epoch milliseconds. */
export const START = 1_000_000;

export type Done = Extract<RedriveAnswer, { ok: true }>;

export function createRedriveWorld({ msPerCall = 1, mostRounds = 10 } = {}) {
  let time = START;
  const now = () => time;
  const memory = createMemoryQueues({ now });
  const targets = new Map<string, Target>();
  const counts = new Map<CountName, number>();
  const queues = { rejected: URLS.rejected, 'rejected-fifo': URLS.rejectedFifo, own: URLS.deliveries };
  const isFull = { now: false };
  // Every call takes its time; an empty receive is a long poll, beside others.
  const sqs = {
    async send(command: object) {
      time += msPerCall;
      const begunAt = time;
      const answer: object = await Reflect.apply(memory.sqs.send, memory.sqs, [command]);
      if ('Messages' in answer && Array.isArray(answer.Messages) && answer.Messages.length === 0)
        time = Math.max(time, begunAt + 1_000);
      return answer;
    },
  } as typeof memory.sqs;

  const deps = {
    open: (opening: Parameters<typeof openSource>[0]) =>
      openSource(opening, {
        readEndpoint: async (name: string) => {
          const queueUrl = new Map(Object.entries(queues)).get(name);
          if (queueUrl === undefined) return { kind: 'absent' };
          return { kind: 'valid', endpoint: { name, type: 'sqs', configuration: { queueUrl } } };
        },
        sqsIn: () => sqs,
        connectTo: async () => ({ ok: false, code: 'none', message: 'there is no Kafka here' }),
        ownQueueUrls: [URLS.deliveries, URLS.messages],
        undeliverableQueueUrl: URLS.undeliverable,
        emulator: undefined,
        clock: { now, random: () => 0.5, wait: async () => {} },
      }),
    targetOf: async (id: string) => targets.get(id),
    queues: createQueues(sqs, { callsAtOnce: 5 }),
    deliveriesQueueUrl: URLS.deliveries,
    sendBack: createSendBack({
      sqs,
      messagesQueueUrl: URLS.messages,
      messagesFifoQueueUrl: URLS.messagesFifo,
    }),
    backstop: { full: async () => isFull.now },
    mostRounds,
    now,
    random: () => 0.5,
    wait: async (ms: number) => {
      time += ms;
    },
    count: (name: CountName, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
    log: { info: () => {}, warn: () => {}, error: () => {} },
  };

  async function ask(event: Record<string, unknown>, seconds = 300): Promise<RedriveAnswer> {
    const parsed = parseRedriveRequest(event);
    return parsed.ok ? await redrive(parsed.request, { endsAt: time + seconds * 1000 }, deps) : parsed;
  }

  return {
    memory,
    targets,
    counts,
    isFull,
    now,
    pass: (ms: number) => {
      time += ms;
    },
    ask,
    /** One call that must be understood. */
    async call(event: Record<string, unknown>, seconds?: number): Promise<Done> {
      const answer = await ask(event, seconds);
      if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
      return answer;
    },
    /** Calls until it is done, as the CLI does. */
    async callAll(event: Record<string, unknown>, seconds?: number): Promise<Done[]> {
      const answers: Done[] = [];
      let cursor: string | undefined;
      do {
        const answer = await ask({ ...event, ...(cursor !== undefined && { cursor }) }, seconds);
        if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
        if (answers.length > 100) throw new Error('it does not end');
        answers.push(answer);
        cursor = answer.cursor;
      } while (cursor !== undefined);
      return answers;
    },
    /** All that was put into lanes, in order, with the lane's group. */
    deliveries: () =>
      memory.taken(URLS.deliveries).map(({ attributes, body, group }) => {
        const delivery = decodeDelivery(attributesOf(attributes));
        if (!delivery.ok) throw new Error(delivery.detail);
        return { ...delivery.value, body, group };
      }),
    /** What a reader of the queue would see now. */
    visible: (url: string) => memory.stored(url).filter(({ visibleAt }) => visibleAt <= time),
  };
}
