// The end of a message that is crashing us: whoever counts its deaths, from the queue or from the backlog, ends here.

import { type DeadLetterDeps, sendDeadLetter } from '#lib/queue/dead-letters.ts';
import { change } from '#lib/state/change.ts';
import { refused } from '#lib/state/machine.ts';
import type { DeliveryMessage } from './act.ts';
import type { Going } from './attempt-context.ts';
import type { RunDeps } from './run.ts';

export type GiveInDeps = DeadLetterDeps &
  RunDeps & {
    /** So many deaths alone are enough. */
    readonly crashingAtStarts: number;
  };

/** The end of a crashing message: a dead letter where there is a dlq, else its subscription waits for a decision. */
export async function giveInTo(
  { delivery, body, sequence }: Pick<DeliveryMessage, 'delivery' | 'body' | 'sequence'>,
  { run, config, lane }: Going,
  deps: GiveInDeps,
): Promise<'settled' | 'stays'> {
  const at = deps.now();
  const { dlq } = config.subscription;
  if (dlq) {
    await sendDeadLetter(
      { delivery, body, sequence },
      { endpoint: dlq.endpoint, reason: 'crashing', at },
      deps,
    );
    return 'settled';
  }
  const detail = `message ${delivery.messageId} ended the function ${deps.crashingAtStarts} times while it was worked on alone`;
  const head = {
    lane,
    messageId: delivery.messageId,
    attempts: delivery.attempt,
    firstAt: delivery.firstAt ?? at,
    retries: 0,
  };
  const why = { reason: 'crashing', detail, itemHash: config.itemHash, head } as const;
  await change(run, (state) => refused(state, why, { now: at }), deps);
  return 'stays';
}
