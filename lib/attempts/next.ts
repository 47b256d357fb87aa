// What can be done with a message where it is now: a sentence, and often a command of `webhooks`.
import type { WayEnd } from './way.ts';

/** The advice on the message as it is now: a sentence, and the arguments of the command if one helps. */
export type Next = { readonly sentence: string; readonly command?: readonly string[] };

/** Says how to send the message again, or which event it waits for. Undefined: the message was delivered. */
export function nextFor({ subscription, messageId, where, reason, last }: WayEnd): Next | undefined {
  const id = ['--id', messageId ?? last.sqsMessageId ?? ''];
  const ofSubscription = subscription === undefined ? [] : ['--subscription', subscription];
  switch (where) {
    case 'delivered':
      return undefined;
    case 'bridged':
    case 'dead-letter': {
      const redrive = ['redrive', last.endpoint ?? 'ENDPOINT', ...ofSubscription, ...id];
      return reason === 'unknown' || reason === 'lost'
        ? {
            sentence:
              'It is a dead letter, and the receiver may have it. A redrive sends it again all the same:',
            command: [...redrive, '--include-unknown'],
          }
        : { sentence: 'It is a dead letter. A redrive sends it again:', command: redrive };
    }
    case 'undeliverable':
      return {
        sentence: 'It is in undeliverable. A redrive sends it again, once its reason is gone:',
        command: ['redrive', 'undeliverable', ...ofSubscription, ...id],
      };
    case 'held':
      return {
        sentence: 'It is held, because the receiver may have it. This sends it again all the same:',
        command: ['held', 'send', subscription ?? '', messageId ?? ''],
      };
    case 'waiting':
      return {
        sentence:
          'It waits in the backlog, and is delivered when its turn comes. This says what it waits for:',
        command: ['status', subscription ?? ''],
      };
    case 'retrying':
      return { sentence: 'It is tried again by itself.' };
    case 'alone':
      return {
        sentence: 'It was refused together with others, and then sent alone. This says what became of it:',
        command: ['attempts', '--message', messageId ?? ''],
      };
    case 'queued':
      return { sentence: 'It is in the queue, and is delivered by itself.' };
    case 'dropped':
    case 'skipped':
    case 'discarded':
      return { sentence: 'No copy is kept, so it can not be sent again: publish it once more.' };
    case 'without-subscription':
      return { sentence: 'No subscription had its topic, and no copy is kept: publish it once more.' };
    case 'filtered':
      return {
        sentence:
          'The filter does not want it, and no copy is kept. Correct the filter, and publish it once more.',
      };
    default:
      return where satisfies never;
  }
}
