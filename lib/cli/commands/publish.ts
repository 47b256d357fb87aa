// `webhooks publish`: sends messages as a publisher does.
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from '#lib/cli/terminal/context.ts';

// Imported when the command runs: --help needs no SDK.
const publishing = () => import('#lib/cli/actions/publish.ts');

/** Adds the command to the program. */
export function publishCommand(program: Command, context: CommandContext): void {
  program
    .command('publish')
    .description(
      'Publish messages, as any publisher does. A CloudEvent, an EventBridge event or an SNS notification needs no --topic.',
    )
    .argument('[body]', 'the payload; or --file')
    .option('--topic <topic>', 'to all subscriptions of this topic')
    .option('--subscription <id>', 'to this subscription only')
    .option('--file <file>', 'the payload from a file, of any bytes; - for standard input')
    .option(
      '--id <id>',
      'the idempotency key (default: the SQS message id); with --count, -1, -2 … is appended',
    )
    .option('--content-type <type>', 'content type of the payload (default: application/json)')
    .option('--header <name: value>', 'a header for the callback; may be given several times', collect, [])
    .option(
      '--group <group>',
      'message group: messages of a group are delivered in order, through messages.fifo',
    )
    .option(
      '--key <key>',
      'its key: with "order": "key", messages of one key are delivered one at a time; a --group is the key already',
      notEmpty,
    )
    .option('--count <n>', 'how many times to publish the message', positive, 1)
    .action(async (body: string | undefined, options) =>
      (await publishing()).publishMessages(body, options, context),
    );
}

const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];

function notEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be 1 to 9999999.');
  return Number(text);
}
