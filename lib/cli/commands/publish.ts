// `webhooks publish`: sends messages as a publisher does.
import type { Command } from 'commander';
import { publish as send } from '#lib/local/publish.ts';
import type { Context } from '../context.ts';
import { CommandFailed } from '../failure.ts';

type Options = {
  readonly topic?: string;
  readonly subscription?: string;
  readonly id?: string;
  readonly group?: string;
  readonly contentType?: string;
};

/** Adds the command to the program. */
export function publish(program: Command, context: Context): void {
  program
    .command('publish')
    .description('Publish a message, as any publisher does')
    .argument('<body>', 'the payload')
    .option('--topic <topic>', 'to all subscriptions of this topic')
    .option('--subscription <id>', 'to this one alone')
    .option('--id <id>', 'the idempotency key; default: the SQS message id')
    .option('--group <group>', 'in order within this group, through messages.fifo')
    .option('--content-type <type>', 'default: application/json')
    .action(async (body: string, { contentType, ...publishing }: Options) => {
      if (body === '') throw new CommandFailed('The body is empty.', 2);
      const attributes = contentType === undefined ? {} : { 'content-type': contentType };
      const queue = publishing.group === undefined ? 'messages' : 'messages.fifo';
      const url = await context.queueUrl(queue);
      const deps = { sqs: await context.sqs(), messagesQueueUrl: url, messagesFifoQueueUrl: url };
      const sqsMessageId = await send(body, { ...publishing, attributes }, deps);
      const id = publishing.id ?? sqsMessageId;
      context.print.result({ id, sqsMessageId }, () => `Published with the id ${id}.`);
    });
}
