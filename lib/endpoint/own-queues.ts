// The queues of a deployment itself. No endpoint may be one of them: dead letters would circulate for ever, or be misread.
import { regionOfHost } from './queue-host.ts';

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

/** Whether the URL is that of one of the queues: the same account, name and region. One queue has several hosts. */
export const isOneOf = (queueUrl: string, queueUrls: readonly string[]): boolean =>
  queueUrls.some((one) => pathOf(one) === pathOf(queueUrl) && mayBeInOneRegion(one, queueUrl));

const pathOf = (url: string): string => URL.parse(url)?.pathname ?? url;

function mayBeInOneRegion(...urls: readonly [string, string]): boolean {
  const [one, other] = urls.map((url) => regionOfHost(URL.parse(url)?.hostname ?? ''));
  return one === undefined || other === undefined || one === other;
}
