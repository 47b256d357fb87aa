// One subscription within one batch: its registration as read at the start, and its state as it changes while the
// batch runs. All its lanes share one run, so that a pause by one is seen by the others before their next message.
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { pauseAfter } from '../backlog/pause.ts';
import { changePause, type Pause, parseState, type State } from '../backlog/state.ts';
import { stateKey } from '../keys.ts';
import type { Count, Log } from '../log.ts';
import type { Config, Registration } from '../subscription/registration.ts';

export type Run = { readonly id: string; readonly config: Config; state: State };

export const runOf = (id: string, { config, state }: Registration): Run => ({ id, config, state });

export type RunDeps = {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly stateTable: string;
  readonly log: Log;
  readonly count: Count;
  readonly now: () => number;
  readonly random: () => number;
};

type Failure = Pick<Pause, 'reason' | 'detail' | 'itemHash' | 'head'>;

/**
 * Pauses the subscription for what began in `epoch`. What began before the state last changed changes nothing; nor does
 * a write that another got ahead of: then the run goes on with what the other wrote. Throws when DynamoDB fails.
 */
export async function pause(run: Run, epoch: number, failure: Failure, deps: RunDeps): Promise<void> {
  if (run.state.epoch !== epoch) return;
  const to = pauseAfter(run.state, failure, { now: deps.now(), random: deps.random() });
  if (!(await change(run, to, deps))) return;
  deps.count('Paused');
  deps.log.warn('subscription.paused', {
    subscription: run.id,
    reason: to.reason,
    detail: to.detail,
    failures: to.failures,
    resumeAt: to.resumeAt === undefined ? undefined : new Date(to.resumeAt).toISOString(),
  });
}

/** Lets a paused subscription go on, after a try that went well. Throws when DynamoDB fails. */
export async function open(run: Run, epoch: number, deps: RunDeps): Promise<void> {
  if (run.state.pause === undefined || run.state.epoch !== epoch) return;
  if (await change(run, undefined, deps)) deps.log.info('subscription.resumed', { subscription: run.id });
}

async function change(run: Run, to: Pause | undefined, deps: RunDeps): Promise<boolean> {
  const next = await changePause(run.id, { from: run.state, to }, deps);
  if (next) {
    run.state = next;
    return true;
  }
  const { Item } = await deps.documents.send(
    new GetCommand({ TableName: deps.stateTable, Key: stateKey(run.id), ConsistentRead: true }),
  );
  run.state = parseState(Item);
  return false;
}
