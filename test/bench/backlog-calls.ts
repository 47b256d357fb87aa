// Counts the AWS calls of a message on its way into the backlog and out of it: `deliver`'s handler on queues and tables in
// memory, with a paused subscription whose messages come in batches of ten, and then with the token that drains it.
import type { SQSEvent } from 'aws-lambda';
import { sendToken } from '#lib/queue/tokens.ts';
import { stateKey } from '#lib/state/keys.ts';
import { drainStarted } from '#lib/state/lanes.ts';
import { askedToResume } from '#lib/state/machine.ts';
import { closedLanes, type State } from '#lib/state/state.ts';
import { changeState, readState } from '#lib/state/state-item.ts';
import { createMemoryDocuments, TABLES, tablesOver } from '../support/memory-documents.ts';
import { createMemoryQueues } from '../support/memory-queues.ts';
import { createCallCounter } from './call-counter.ts';
import { benchId, deliveriesFor, NO_SECRETS } from './counting-clients.ts';

type Clients = Readonly<Record<'sqs' | 'documents' | 'events' | 'secretsManager', never>>;
type Handler = (event: SQSEvent) => Promise<unknown>;

const QOS = 'at-least-once';
const ID = benchId(QOS, 1);

/** `made` makes the handler from the clients; `deliveriesQueueUrl` is the URL in the handler's environment. */
export function createBacklogCalls(
  made: (clients: Clients) => Handler,
  { callbackUrl, deliveriesQueueUrl }: { readonly callbackUrl: string; readonly deliveriesQueueUrl: string },
) {
  const tables = createMemoryDocuments();
  const queues = createMemoryQueues({ now: Date.now });
  const counter = createCallCounter();
  const handler = made({
    sqs: counter.over(queues.sqs.send as never),
    documents: counter.over(tables.documents.send as never),
    events: { send: async () => ({}) } as never,
    secretsManager: NO_SECRETS,
  });
  tables.put(TABLES.subscriptionsTable, { id: ID, topic: 'bench', qos: QOS, configuration: { callbackUrl } });
  const pause = { reason: 'manual', since: Date.now(), detail: 'bench', itemHash: '', failures: 0 };
  const state = { version: 1, epoch: 1, lanes: {}, drains: 0, pause };
  tables.put(TABLES.stateTable, { ...stateKey(ID), subscription: ID, ...state });

  /** Invokes the handler with the messages of the queue, and deletes those that it settled, as Lambda does. */
  async function work(): Promise<boolean> {
    const Records = queues.receive(deliveriesQueueUrl);
    if (Records.length === 0) return false;
    const answer = await handler({ Records });
    if (JSON.stringify(answer) !== '{"batchItemFailures":[]}') throw new Error(JSON.stringify(answer));
    for (const { messageId } of Records) queues.lose(deliveriesQueueUrl, messageId);
    return true;
  }

  return {
    calls: counter.calls,
    async parked(posts: number): Promise<void> {
      counter.reset();
      for (let left = posts; left > 0; left -= 10) {
        for (const record of deliveriesFor({ qos: QOS, cap: 1, body: 'bench' })) {
          const attributes = Object.fromEntries(
            Object.entries(record.messageAttributes).map(([name, { stringValue = '' }]) => [
              name,
              stringValue,
            ]),
          );
          const group = record.attributes.MessageGroupId ?? '';
          queues.put(deliveriesQueueUrl, { body: record.body, attributes, group });
        }
        await work();
      }
    },
    async drained(): Promise<void> {
      const deps = tablesOver(tables.documents);
      const changed = async (decide: (from: State) => State | undefined) =>
        changeState(ID, await readState(ID, deps), decide, deps);
      await changed(askedToResume);
      const { state } = await changed((from) => drainStarted(from, 0, Date.now()));
      const token = { subscription: ID, lane: 0, drain: state.lanes[0]?.drain ?? 0 };
      const to = { queues: queues.queues, deliveriesQueueUrl, retriesQueueUrl: '', now: Date.now };
      counter.reset();
      await sendToken(token, to);
      for (let tokens = 0; tokens < 1_000 && (await work()); tokens++);
      const left = closedLanes(await readState(ID, deps));
      if (left.length > 0) throw new Error('the backlog is not empty');
    },
  };
}
