// Sends a person's decision to `resume` and prints the answer.
import * as z from 'zod';
import { CommandFailed } from '#lib/cli/terminal/command-failed.ts';
import type { CommandContext } from '#lib/cli/terminal/context.ts';
import { askResume } from '#lib/cli/terminal/invoke.ts';
import { heldIn } from './list-waiting.ts';

const answered = z.looseObject({ message: z.string(), messageId: z.string().optional() });

type Request = { readonly subscription: string; readonly action: string; readonly [more: string]: unknown };

/** Sends one decision about a subscription to `resume` and prints its answer. */
export async function sendDecision(request: Request, context: CommandContext): Promise<void> {
  const answer = await askResume(request, answered, context);
  const about = answer.messageId === undefined ? '' : ` (message ${answer.messageId})`;
  context.print.result(
    { subscription: request.subscription, ...answer },
    () => `${request.subscription}: ${answer.message}${about}`,
  );
}

type HeldRequest = {
  readonly subscription: string;
  readonly action: 'send-held' | 'discard-held';
  readonly messages: readonly string[];
  readonly all: boolean;
};

/** Sends or discards the named held messages, or all of them. Prints how many. */
export async function decideHeld(
  { subscription, action, messages, all }: HeldRequest,
  context: CommandContext,
): Promise<void> {
  if (all === messages.length > 0)
    throw new CommandFailed('Give message ids or --all; held list shows the ids.', 2);
  const asked = all
    ? (await heldIn(subscription, Number.POSITIVE_INFINITY, context)).map(({ messageId }) => messageId)
    : messages;
  const bar = context.progress(action === 'send-held' ? 'Sending' : 'Discarding');
  const done: string[] = [];
  try {
    for (const messageId of asked) {
      await askResume({ subscription, action, messageId }, answered, context);
      done.push(messageId);
      bar.at(done.length, asked.length);
    }
  } catch (error) {
    if (done.length > 0)
      context.print.note(`${done.length} of ${asked.length} messages were done before this error:`);
    throw error;
  } finally {
    bar.end();
  }
  const what = action === 'send-held' ? 'sent' : 'discarded';
  context.print.result({ subscription, action, messages: done }, () =>
    done.length === 1
      ? `${subscription}: message ${done[0]} is being ${what}.`
      : `${subscription}: ${done.length} messages are being ${what}.`,
  );
}
