// The status of one subscription, or of all of them page by page. Nothing is counted for it: backlog figures are those of
// the sweep's last check.
import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { batchGet } from '#lib/state/batch-get.ts';
import { measureKey, stateKey } from '#lib/state/keys.ts';
import { closedLanes, parseState, type State } from '#lib/state/state.ts';
import { phaseOf } from '#lib/state/transitions.ts';
import { type BacklogSize, parseMeasure } from './measure.ts';

export type OverviewDeps = {
  readonly documents: Pick<DynamoDBDocumentClient, 'send'>;
  readonly subscriptionsTable: string;
  readonly stateTable: string;
};

/** Builds a status line from a state and the last measured backlog. */
export function statusLineOf(state: State, measure: BacklogSize | undefined) {
  const lanes = closedLanes(state);
  // With every lane open, nothing waits any more.
  const counted = lanes.length === 0 ? undefined : measure;
  return {
    phase: phaseOf(state),
    pause: state.pause,
    closedLanes: lanes,
    backlog: counted?.count,
    backlogIsAtLeast: counted?.atLeast,
    oldestAt: counted?.oldestAt,
    countedAt: counted?.at,
  };
}

export type StatusLine = { readonly subscription: string; readonly topic: string | undefined } & (
  | ReturnType<typeof statusLineOf>
  /** The state item has another shape. */
  | { readonly phase: 'unreadable' }
);

export type OverviewPage = {
  readonly subscriptions: readonly StatusLine[];
  /** Cursor of the next page; undefined at the end. */
  readonly cursor: string | undefined;
};

/** Subscriptions a page: DynamoDB reads a hundred items a call, and each subscription has two. */
const PER_READ = 50;

/** Reads one page of all subscriptions, unordered. Throws when DynamoDB fails, or does not answer for all. */
export async function overview(
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
  deps: OverviewDeps,
): Promise<OverviewPage> {
  const { Items = [], LastEvaluatedKey } = await deps.documents.send(
    new ScanCommand({
      TableName: deps.subscriptionsTable,
      ProjectionExpression: '#id, #topic',
      ExpressionAttributeNames: { '#id': 'id', '#topic': 'topic' },
      Limit: limit,
      ...(cursor !== undefined && { ExclusiveStartKey: { id: cursor } }),
    }),
  );
  const lines: StatusLine[] = [];
  for (let start = 0; start < Items.length; start += PER_READ)
    lines.push(...(await linesOf(Items.slice(start, start + PER_READ), deps)));
  const last: unknown = LastEvaluatedKey?.id;
  return { subscriptions: lines, cursor: typeof last === 'string' ? last : undefined };
}

async function linesOf(
  items: readonly Record<string, unknown>[],
  { documents, stateTable }: OverviewDeps,
): Promise<StatusLine[]> {
  const ids = items.map(({ id }) => String(id));
  const Keys = ids.flatMap((id) => [stateKey(id), measureKey(id)]);
  const found = await batchGet({ [stateTable]: { Keys, ConsistentRead: true } }, documents);
  const byKey = new Map((found[stateTable] ?? []).map((item) => [`${item.pk} ${item.sk}`, item]));
  const at = ({ pk, sk }: { pk: string; sk: string }) => byKey.get(`${pk} ${sk}`);
  return items.map(({ topic }, index) => {
    const subscription = ids[index] ?? '';
    const about = { subscription, topic: typeof topic === 'string' ? topic : undefined };
    const state = parseState(at(stateKey(subscription)));
    if (state === undefined) return { ...about, phase: 'unreadable' };
    return { ...about, ...statusLineOf(state, parseMeasure(at(measureKey(subscription)))) };
  });
}
