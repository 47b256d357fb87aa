// SQS on this machine, put together: in process, and behind a port of its own where nothing else is in front of it.
// Not emulated: redrive policies and message-move tasks (this product moves its dead letters itself), tags, IAM, encryption, throttling by rate, the reordering of fair queues (MessageGroupId on standard queues is kept and
// returned), duplicates of standard queues, and the 120,000-message window in which a FIFO queue looks for free groups.
import { type Clock, realClock } from '#lib/local/aws/clock.ts';
import { startEndpoint } from '#lib/local/aws/endpoint.ts';
import { createFaults, type Faults } from '#lib/local/aws/faults.ts';
import { type Calls, createCalls } from './calls.ts';
import { createQueueDirectory } from './directory.ts';
import { createHandle, type Handle } from './handle.ts';
import { createHttpAnswer, type HttpAnswer } from './http.ts';
import { messageOperations } from './message-operations.ts';
import type { QueueView } from './queue.ts';
import { queueOperations } from './queue-operations.ts';
import { createSwitches, type Switches } from './switches.ts';

export type Sqs = {
  /** Answers one call: `target` is `AmazonSQS.<Operation>`, `body` the parsed JSON. Refusals are answers; it never throws. */
  readonly handle: Handle;
  /** Answers one node:http request whose body has been read. */
  readonly answer: HttpAnswer;
  /** Direct access to a queue, without protocol and call log. Throws for a queue that does not exist. */
  queue(name: string): QueueView;
  readonly faults: Faults;
  readonly calls: Calls;
  readonly switches: Switches;
  /** Deletes all queues: ends their long polls and timers. */
  close(): void;
};

export type SqsOptions = { readonly clock?: Clock; readonly region?: string; readonly account?: string };

export function createSqs(options: SqsOptions = {}): Sqs {
  const { clock = realClock, region = 'us-east-1', account = '000000000000' } = options;
  const switches = createSwitches();
  const faults = createFaults();
  const calls = createCalls();
  const directory = createQueueDirectory({ clock, switches, region, account });
  const operations = {
    ...queueOperations({ directory }),
    ...messageOperations({ directory, senderId: account }),
  };
  const handle = createHandle({ operations, faults, calls, clock });
  return {
    handle,
    answer: createHttpAnswer({ handle }),
    queue: directory.get,
    faults,
    calls,
    switches,
    close: directory.close,
  };
}

export type RunningSqs = { readonly sqs: Sqs; readonly url: string; close(): Promise<void> };

/** Serves it alone, on a port of 127.0.0.1: a free one unless said. */
export async function startSqs({
  port = 0,
  sqs = createSqs(),
}: {
  port?: number;
  sqs?: Sqs;
} = {}): Promise<RunningSqs> {
  const { url, close } = await startEndpoint({ port, services: { sqs } });
  return {
    sqs,
    url,
    async close() {
      sqs.close();
      await close();
    },
  };
}
