// Ends long polls of chosen queues at once: the queues' clock jumps as soon as somebody waits there for a message. A redrive finds
// out by such polls that a queue is empty, and nobody but it reads the queue of an endpoint. Time jumps only while no message of
// another function is in flight: its visibility timeout would end under the function. For one redrive after the other: a second one
// would let the time end for which the first one hides its letters.
import type { LocalSet } from '#lib/local/set.ts';
import type { JumpingClock } from './jumping-clock.ts';

export type EndedPolls = {
  /** Ends the polls of this queue from now on. No function may poll it on and on, or time would never stop jumping. */
  of(queueName: string): void;
  stop(): void;
};

/** A long poll of `redrive`, and how often the queues are looked at for one. */
const POLL_MS = 1_000;
const LOOK_MS = 10;

/** For a set whose queues have this clock. With another SQS nothing is ended. */
export function endPolls(
  { sqs, mappings }: Pick<LocalSet, 'sqs' | 'mappings'>,
  clock: JumpingClock,
): EndedPolls {
  const names = new Set<string>();
  const read = mappings.map(({ mapping }) => mapping.queueArn.split(':').at(-1) ?? '');
  const isPolled = () =>
    sqs !== undefined &&
    [...names].some((name) => sqs.queue(name).waiting() > 0) &&
    read.every((name) => sqs.queue(name).counts().inFlight === 0);
  const looking = setInterval(() => {
    if (isPolled()) clock.jump(POLL_MS);
  }, LOOK_MS).unref();
  return { of: (queueName) => void names.add(queueName), stop: () => clearInterval(looking) };
}
