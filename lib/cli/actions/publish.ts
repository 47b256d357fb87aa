// `publish`: sends a message once or several times. message-to-publish.ts makes and checks it before.

import { randomUUID } from 'node:crypto';
import {
  type BatchResultErrorEntry,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
} from '@aws-sdk/client-sqs';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { readInput } from '#lib/cli/terminal/input.ts';
import { mayPassLater, REAL_CLOCK, untilProcessed } from '#lib/queue/unprocessed.ts';
import { check, type MessageOptions, type MessageToPublish, messageOf } from './message-to-publish.ts';

export type PublishOptions = MessageOptions & {
  readonly file?: string;
  readonly group?: string;
  readonly count: number;
};

const CALLS_AT_ONCE = 8;

/** Publishes the messages of a file or of the options, and prints their ids. */
export async function publishMessages(
  body: string | undefined,
  options: PublishOptions,
  context: CommandContext,
): Promise<void> {
  const { count, group } = options;
  const message = messageOf(await payloadOf(body, options, context), options);
  const perCall = check(message);
  const QueueUrl = await context.queueUrl(group === undefined ? 'messages' : 'messages.fifo');
  const sqs = await context.sqs();
  const progress = context.progress('Publishing');
  const sent: { id: string; sqsMessageId: string }[] = [];
  const idOf = (index: number) =>
    options.id === undefined || count === 1 ? options.id : `${options.id}-${index + 1}`;

  async function send(start: number): Promise<void> {
    const Entries = Array.from({ length: Math.min(perCall, count - start) }, (_, at) =>
      entryOf(message, { index: start + at, id: idOf(start + at), group }),
    );
    let refused: BatchResultErrorEntry | undefined;
    await untilProcessed(
      Entries,
      async (left) => {
        const { Successful = [], Failed = [] } = await sqs.send(
          new SendMessageBatchCommand({ QueueUrl, Entries: left }),
        );
        for (const { Id, MessageId = '' } of Successful)
          sent.push({ id: idOf(Number(Id)) ?? MessageId, sqsMessageId: MessageId });
        progress.at(sent.length, count);
        refused = Failed.find((entry) => !mayPassLater(entry)) ?? Failed[0];
        const undone = new Set(Failed.map(({ Id }) => Id));
        const isOver = undone.size === 0 || Failed.some((entry) => !mayPassLater(entry));
        return isOver ? undefined : left.filter(({ Id }) => undone.has(Id));
      },
      REAL_CLOCK,
    );
    if (refused !== undefined)
      throw new CommandFailed(
        `SQS refused message ${Number(refused.Id) + 1} (${refused.Code}: ${refused.Message}); ${sent.length} of ${count} were published.`,
      );
  }

  try {
    // A message group gets one call at a time, because parallel calls have no order.
    const atOnce = group === undefined ? CALLS_AT_ONCE : 1;
    for (let start = 0; start < count; start += perCall * atOnce) {
      const calls = Array.from({ length: atOnce }, (_, call) => start + call * perCall);
      await Promise.all(calls.filter((at) => at < count).map(send));
    }
  } finally {
    progress.end();
  }
  if (options.topic?.includes('*') === true)
    context.print.note(
      'A * in the topic of a message stands for itself: only subscriptions to all topics, or to a beginning of this one, get the message.',
    );
  context.print.result({ published: sent.length, messages: sent }, () =>
    count === 1 ? `Published with the id ${sent[0]?.id}.` : `Published ${sent.length} messages.`,
  );
}

async function payloadOf(
  body: string | undefined,
  { file }: PublishOptions,
  { io }: Pick<CommandContext, 'io'>,
): Promise<Buffer> {
  if ((body === undefined) === (file === undefined))
    throw new CommandFailed('Give one payload: as the argument, or with --file (- for standard input).', 2);
  return file === undefined ? Buffer.from(body ?? '') : await readInput(file, io);
}

function entryOf(
  { body, attributes }: MessageToPublish,
  { index, id, group }: { index: number; id: string | undefined; group: string | undefined },
): SendMessageBatchRequestEntry {
  const own = { ...attributes, ...(id !== undefined && { id }) };
  return {
    Id: String(index),
    MessageBody: body,
    MessageAttributes: Object.fromEntries(
      Object.entries(own).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    ),
    ...(group !== undefined && { MessageGroupId: group, MessageDeduplicationId: randomUUID() }),
  };
}
