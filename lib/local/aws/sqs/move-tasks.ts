// Message move tasks: a dead-letter queue's messages go back where they came from, or to a queue that the caller names.
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '#lib/local/aws/clock.ts';
import type { QueueDirectory } from './directory.ts';
import type { Message } from './message.ts';
import { int, type Operations, sqsOperation, textMember, url } from './operation.ts';
import type { Queue } from './queue.ts';
import { checkRange, invalidValue, Refusal } from './refusal.ts';

type Task = {
  readonly handle: string;
  readonly source: Queue;
  readonly destination: Queue | undefined;
  readonly rate: number | undefined;
  readonly toMove: number;
  readonly startedAt: number;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  moved: number;
  failure: string | undefined;
  cancelTimer: () => void;
};

const MOST_PER_SECOND = 500;
const KEPT_PER_SOURCE = 10;

export function moveTaskOperations({
  directory,
  clock,
}: {
  directory: QueueDirectory;
  clock: Clock;
}): Operations {
  /** By source ARN, newest first. */
  const tasks = new Map<string, Task[]>();

  function find(arn: string, parameter: string): Queue {
    const queue = directory.byArn(arn);
    if (!queue)
      throw new Refusal(
        'ResourceNotFound',
        `The resource that you specified for the ${parameter} parameter doesn't exist.`,
      );
    return queue;
  }

  function move(task: Task, message: Message): boolean {
    if (task.failure !== undefined) return false;
    const target = task.destination ?? directory.byArn(message.deadLetterSourceArn ?? '');
    if (!target) {
      task.failure = 'CouldNotDetermineMessageSource';
      return false;
    }
    // To its receiver it is a new message.
    const now = clock.now();
    target.accept(
      { ...message, id: randomUUID(), sentAt: now, deadLetterSourceArn: undefined, receivesBefore: 0 },
      now,
    );
    return true;
  }

  /** One second's share. */
  function step(task: Task): void {
    const moved = task.source.moveOut(task.rate ?? MOST_PER_SECOND, (message) => move(task, message));
    task.moved += moved;
    if (task.failure !== undefined) task.status = 'FAILED';
    else if (moved === 0 || task.source.counts().visible === 0) task.status = 'COMPLETED';
    else task.cancelTimer = clock.setTimer(1000, () => step(task));
  }

  function start(source: Queue, destination: Queue | undefined, rate: number | undefined): Task {
    const task: Task = {
      handle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source.arn })).toString('base64'),
      source,
      destination,
      rate,
      toMove: source.counts().visible,
      startedAt: clock.now(),
      status: 'RUNNING',
      moved: 0,
      failure: undefined,
      cancelTimer: () => {},
    };
    task.cancelTimer = clock.setTimer(0, () => step(task));
    tasks.set(source.arn, [task, ...(tasks.get(source.arn) ?? [])].slice(0, KEPT_PER_SOURCE));
    return task;
  }

  const present = (task: Task): object => ({
    TaskHandle: task.status === 'RUNNING' ? task.handle : undefined,
    Status: task.status,
    SourceArn: task.source.arn,
    DestinationArn: task.destination?.arn,
    MaxNumberOfMessagesPerSecond: task.rate,
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    FailureReason: task.failure,
    StartedTimestamp: task.startedAt,
  });

  return {
    StartMessageMoveTask: sqsOperation(
      z.object({ SourceArn: url, DestinationArn: textMember, MaxNumberOfMessagesPerSecond: int }),
      ({ SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond }) => {
        const source = find(SourceArn, 'SourceArn');
        const destination = DestinationArn === undefined ? undefined : find(DestinationArn, 'DestinationArn');
        checkRange('MaxNumberOfMessagesPerSecond', MaxNumberOfMessagesPerSecond, [1, MOST_PER_SECOND]);
        if (directory.sourcesOf(source).length === 0) {
          throw invalidValue(
            'SourceArn',
            SourceArn,
            'Source queue must be configured as a dead-letter queue.',
          );
        }
        if (destination && (destination === source || destination.fifo !== source.fifo)) {
          throw invalidValue('DestinationArn', DestinationArn, 'It must be another queue of the same type.');
        }
        if (tasks.get(SourceArn)?.some(({ status }) => status === 'RUNNING')) {
          throw new Refusal(
            'InvalidParameterValue',
            'There is already a task running for this source queue.',
          );
        }
        return { TaskHandle: start(source, destination, MaxNumberOfMessagesPerSecond).handle };
      },
    ),

    ListMessageMoveTasks: sqsOperation(
      z.object({ SourceArn: url, MaxResults: int }),
      ({ SourceArn, MaxResults = 1 }) => {
        find(SourceArn, 'SourceArn');
        checkRange('MaxResults', MaxResults, [1, 10]);
        return { Results: (tasks.get(SourceArn) ?? []).slice(0, MaxResults).map(present) };
      },
    ),

    CancelMessageMoveTask: sqsOperation(z.object({ TaskHandle: url }), ({ TaskHandle }) => {
      const task = [...tasks.values()]
        .flat()
        .find(({ handle, status }) => handle === TaskHandle && status === 'RUNNING');
      if (!task) throw new Refusal('ResourceNotFound', 'Task does not exist, or is not running.');
      task.cancelTimer();
      task.status = 'CANCELLED';
      return { ApproximateNumberOfMessagesMoved: task.moved };
    }),
  };
}
