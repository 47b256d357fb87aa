// The queues of the account: found by name and URL, made, deleted.
import type { Clock } from '#lib/local/aws/clock.ts';
import { defaultsFor, mergeAttributes, type RawAttributes } from './attributes.ts';
import { createQueue, type Queue } from './queue.ts';
import { invalidValue, Refusal } from './refusal.ts';
import type { Switches } from './switches.ts';

export type QueueDirectory = {
  create(name: string, given: RawAttributes): Queue;
  delete(queue: Queue): void;
  /** By name; throws a Refusal when there is none. */
  get(name: string): Queue;
  /** By URL, whatever its host: only the last part of the path counts. */
  byUrl(url: string): Queue;
  /** In the order of their names. */
  list(prefix?: string): Queue[];
  urlOf(queue: Queue, host: string): string;
  close(): void;
};

type Dependencies = {
  readonly clock: Clock;
  readonly switches: Switches;
  readonly region: string;
  readonly account: string;
};

const NAME = /^[A-Za-z0-9_-]{1,80}$/;
const FIFO_NAME = /^[A-Za-z0-9_-]{1,75}\.fifo$/;
const DELETED_RECENTLY_MS = 60_000;

export function createQueueDirectory({ clock, switches, region, account }: Dependencies): QueueDirectory {
  const queues = new Map<string, Queue>();
  const deletedAt = new Map<string, number>();

  const arnOf = (name: string): string => `arn:aws:sqs:${region}:${account}:${name}`;
  function get(name: string): Queue {
    const queue = queues.get(name);
    if (!queue) throw new Refusal('QueueDoesNotExist', 'The specified queue does not exist.');
    return queue;
  }

  function create(name: string, given: RawAttributes): Queue {
    const existing = queues.get(name);
    if (existing) {
      const differs = Object.keys(given).find((key) => existing.attributes()[key] !== given[key]);
      if (differs === undefined) return existing;
      const message = `A queue already exists with the same name and a different value for attribute ${differs}`;
      throw new Refusal('QueueNameExists', message);
    }
    const fifo = given.FifoQueue === 'true';
    if (!(fifo ? FIFO_NAME : NAME).test(name)) {
      const reason =
        'Letters, digits, hyphens and underscores, 80 at most; FIFO queues, and only they, end in .fifo.';
      throw invalidValue('QueueName', name, reason);
    }
    if (clock.now() < (deletedAt.get(name) ?? Number.NEGATIVE_INFINITY) + DELETED_RECENTLY_MS) {
      throw new Refusal(
        'QueueDeletedRecently',
        'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
      );
    }
    const attributes = mergeAttributes(defaultsFor(fifo), given, fifo);
    const queue = createQueue({ name, arn: arnOf(name), attributes }, { clock, switches });
    queues.set(name, queue);
    return queue;
  }

  return {
    create,
    delete(queue) {
      queues.delete(queue.name);
      deletedAt.set(queue.name, clock.now());
      queue.close();
    },
    get,
    byUrl: (url) => get(url.slice(url.lastIndexOf('/') + 1)),
    list: (prefix = '') =>
      [...queues.values()]
        .filter(({ name }) => name.startsWith(prefix))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    urlOf: (queue, host) => `http://${host}/${account}/${queue.name}`,
    close() {
      for (const queue of queues.values()) queue.close();
      queues.clear();
    },
  };
}
