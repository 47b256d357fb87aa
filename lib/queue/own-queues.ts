// The queues of a deployment itself. No endpoint may be one of them: dead letters would circulate for ever, or be misread.

export const QUEUES = [
  'messages',
  'messages.fifo',
  'deliveries.fifo',
  'retries',
  'dead-letters',
  'undeliverable',
] as const;
export type QueueName = (typeof QUEUES)[number];

const KNOWN: QueueName = 'deliveries.fifo';

/** Returns the URLs of all of them. Their names differ only in their ends, so one is enough to know all. */
export function ownQueueUrlsBy(deliveriesQueueUrl: string): readonly string[] {
  if (!deliveriesQueueUrl.endsWith(KNOWN)) return [deliveriesQueueUrl];
  const start = deliveriesQueueUrl.slice(0, -KNOWN.length);
  return QUEUES.map((name) => start + name);
}

/** Whether the URL is that of one of the queues: the same account and name. One queue has several hosts. */
export const isOneOf = (queueUrl: string, queueUrls: readonly string[]): boolean =>
  queueUrls.some((one) => pathOf(one) === pathOf(queueUrl));

const pathOf = (url: string): string => URL.parse(url)?.pathname ?? url;
