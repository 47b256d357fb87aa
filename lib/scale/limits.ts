// Every limit of a stage, with how much of it a load needs. Pure: the counted calls come from the caller.
import type { CallCounts } from '#lib/cost/bill.ts';
import { tenantSlotsOf } from '#lib/state/slots.ts';
import { deliverInvocations, exchangeMs, routeInvocations } from './invocations.ts';
import { type CallsAtEnds, messagesIn, type ScaleLoad, type StageSettings } from './load.ts';
import { shareOfFullestPartition } from './partitions.ts';
import { QUOTAS, type Range, unitsOfEntry } from './quotas.ts';
import { readsByTopic } from './topic-reads.ts';

type End = keyof CallsAtEnds;

/** Whom it touches when the limit is reached. */
type Scope =
  | 'one subscription'
  | 'one tenant'
  | 'slow subscriptions'
  | 'one topic'
  | 'one partition'
  | 'the stage'
  | 'the account';

export type Limit = {
  readonly name: string;
  readonly scope: Scope;
  /** What the load needs, with full batches and with one message a batch. */
  readonly full: Range;
  readonly alone: Range;
  /** The limit as the stage is set up. */
  readonly now: number;
  /** The limit after the operator has turned what a stage has. Infinity: the account's quota can be raised. */
  readonly most: number;
  /** What the operator turns. */
  readonly turn: string;
};

/** With everything raised, slow drains have the same fifth of `deliver` as they have in the defaults. */
export const MOST_SLOTS = QUOTAS.mappingConcurrency / 5;

/** The limits of a stage and the needs of this load, in the order of a message's way. */
export function limitsOf(load: ScaleLoad, settings: StageSettings, calls: CallsAtEnds): readonly Limit[] {
  const { rate, subscriptions } = load;
  const deliver = {
    full: deliverInvocations(load, settings, 'full'),
    alone: deliverInvocations(load, settings, 'alone'),
  };
  const route = {
    full: routeInvocations(load, settings, 'full'),
    alone: routeInvocations(load, settings, 'alone'),
  };
  const slots = (load.slow * load.slowRate * load.slowMs) / 1000 / load.perRequest;
  const ofSlots = Math.min(slots, settings.slowDrainBudget);
  const ofOne = rate / subscriptions;
  const topicReads = (end: End) => readsByTopic(load, { ...settings, environments: route[end].high });
  const secretReads = (end: End) =>
    Math.min(rate, (deliver[end].high * load.secrets) / settings.secretCacheSeconds);
  const parked = unitsOfEntry(load);
  return [
    {
      name: 'invocations of route, for one queue',
      scope: 'the stage',
      ...route,
      now: settings.routeMaximumConcurrency,
      most: QUOTAS.mappingConcurrency,
      turn: 'raise routeMaximumConcurrency; give more messages to messages.fifo, which has a limit of its own',
    },
    {
      name: 'reads of one topic by route, read units a second',
      scope: 'one topic',
      ...each((end) => exactly(topicReads(end).ofOne)),
      ...fixed(QUOTAS.partitionReads),
      turn: 'split the topic, or raise configCacheSeconds',
    },
    {
      name: 'calls of one action on deliveries.fifo, a second',
      scope: 'the stage',
      ...each((end) => exactly(rate * busiestAction(calls[end], end))),
      ...fixed(settings.fifoCalls),
      turn: 'a region with a higher quota; batch in the items',
    },
    {
      name: 'calls of one action on one partition of deliveries.fifo, a second',
      scope: 'one partition',
      ...each((end) =>
        exactly(rate * shareOfFullestPartition(load, settings) * busiestAction(calls[end], end)),
      ),
      ...fixed(QUOTAS.partitionCalls),
      turn: 'more lanes, over which the partitions are spread: order by key, maxConcurrentConnections; a region with a higher quota',
    },
    {
      name: 'calls of one action for one lane, a second',
      scope: 'one subscription',
      ...each((end) => exactly(ofOne / load.lanes / (end === 'full' ? 10 : 1))),
      ...fixed(QUOTAS.groupCalls),
      turn: 'more lanes: order by key, maxConcurrentConnections',
    },
    {
      name: 'requests in flight of one subscription',
      scope: 'one subscription',
      ...each(() => times(exchangeMs(load, settings), ofOne / load.perRequest / 1000)),
      ...fixed(load.inFlight),
      turn: 'order by key, maxConcurrentConnections, batch in the item; a faster receiver',
    },
    {
      name: 'invocations of deliver',
      scope: 'the stage',
      ...each((end) => plus(deliver[end], ofSlots)),
      now: settings.deliverMaximumConcurrency,
      most: QUOTAS.mappingConcurrency,
      turn: 'raise deliverMaximumConcurrency, with drainBudget and slowDrainBudget; memoryMb, where TLS takes the time',
    },
    {
      name: 'invocations of all functions',
      scope: 'the account',
      ...each((end) => plus(sum(deliver[end], route[end]), ofSlots)),
      now: settings.accountConcurrency,
      most: Number.POSITIVE_INFINITY,
      turn: "raise the account's quota of concurrent executions",
    },
    {
      name: 'reads of one table, read units a second',
      scope: 'the account',
      ...each((end) => exactly((rate * calls[end].deliver.itemsRead) / 2 + topicReads(end).ofAll)),
      now: QUOTAS.tableUnits,
      most: Number.POSITIVE_INFINITY,
      turn: 'raise the quota of the table, and its warm throughput before the load begins',
    },
    {
      name: "reads of one subscription's item, read units a second",
      scope: 'one subscription',
      ...each((end) => exactly(ofOne / Math.max(1, messagesIn(end) / subscriptions))),
      ...fixed(QUOTAS.partitionReads),
      turn: 'divide the subscription',
    },
    {
      name: 'writes of the table of states, write units a second',
      scope: 'the account',
      ...each((end) => exactly(rate * writesOf(calls[end]) + 2 * load.slow * load.slowRate * parked)),
      now: QUOTAS.tableUnits,
      most: Number.POSITIVE_INFINITY,
      turn: 'raise the quota of the table, and its warm throughput before the load begins',
    },
    {
      name: 'writes into the backlog of one lane, write units a second',
      scope: 'one subscription',
      ...each(() => exactly(load.slow === 0 ? 0 : (load.slowRate * parked) / load.lanes)),
      ...fixed(QUOTAS.partitionWrites),
      turn: 'more lanes: order by key, maxConcurrentConnections. What comes faster is handed back and tried again',
    },
    {
      name: 'calls for secrets, a second',
      scope: 'the account',
      ...each((end) => exactly(secretReads(end))),
      now: QUOTAS.secretCalls,
      most: Number.POSITIVE_INFINITY,
      turn: 'put several credentials of a tenant into one secret; raise secretCacheSeconds',
    },
    {
      name: 'slots for slow subscriptions',
      scope: 'slow subscriptions',
      ...each(() => exactly(slots)),
      now: settings.slowDrainBudget,
      most: MOST_SLOTS,
      turn: 'raise slowDrainBudget; a shorter readTimeout; batch in the items',
    },
    {
      name: 'slots for slow subscriptions of one tenant',
      scope: 'one tenant',
      ...each(() => exactly((slots * Math.ceil(load.slow / load.tenants)) / Math.max(1, load.slow))),
      now: tenantSlotsOf(settings.slowDrainBudget),
      most: tenantSlotsOf(MOST_SLOTS),
      turn: 'raise slowDrainBudget, of which a tenant has a quarter',
    },
  ];
}

const exactly = (figure: number): Range => ({ low: figure, high: figure });
const plus = ({ low, high }: Range, more: number): Range => ({ low: low + more, high: high + more });
const times = ({ low, high }: Range, factor: number): Range => ({ low: low * factor, high: high * factor });
const sum = (one: Range, other: Range): Range => ({ low: one.low + other.low, high: one.high + other.high });
const each = (figure: (end: End) => Range) => ({ full: figure('full'), alone: figure('alone') });
const fixed = (limit: number) => ({ now: limit, most: limit });

/** The most calls of one action for a delivery. Lambda's poller makes a receive and a delete for each batch. */
function busiestAction({ route, deliver }: CallCounts, end: End): number {
  const ofPoller = 1 / messagesIn(end);
  return Math.max(
    route.calls.SendMessageBatch ?? 0,
    ofPoller,
    deliver.calls.ChangeMessageVisibilityBatch ?? 0,
    (deliver.calls.DeleteMessageBatch ?? 0) + ofPoller,
  );
}

const writesOf = ({ deliver }: CallCounts): number =>
  ['Put', 'Update', 'Delete'].reduce((total, name) => total + (deliver.calls[name] ?? 0), 0);
