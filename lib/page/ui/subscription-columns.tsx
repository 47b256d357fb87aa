// The columns of the table of all subscriptions.
import type { ShownState } from '#lib/cli/actions/state-of.ts';
import { SubscriptionLink } from './links.tsx';
import { amount, until } from './numbers.ts';
import { Ago, Foreign } from './parts.tsx';
import { Pill } from './pill.tsx';
import type { StatusRow } from './results.ts';
import type { TableColumn } from './table.tsx';

/** A subscription with the state that the table shows. */
export type SubscriptionRow = StatusRow & { readonly state: ShownState };

const NEEDING: readonly ShownState[] = ['unreadable', 'stopped', 'outage', 'slow', 'draining', 'going'];

export const SUBSCRIPTION_COLUMNS: readonly TableColumn<SubscriptionRow>[] = [
  {
    title: 'Subscription',
    cell: ({ subscription }) => <SubscriptionLink id={subscription} />,
    sortBy: ({ subscription }) => subscription,
  },
  {
    title: 'State',
    cell: ({ state }) => <Pill word={state} />,
    sortBy: ({ state }) => NEEDING.indexOf(state),
  },
  {
    title: 'Reason',
    cell: ({ pause }) => pause && <Reason pause={pause} />,
    sortBy: ({ pause }) => pause?.reason,
    isWide: true,
  },
  {
    title: 'Since',
    cell: (row) => sinceOf(row) !== undefined && <Ago at={sinceOf(row) ?? 0} />,
    sortBy: sinceOf,
  },
  {
    title: 'Next try',
    cell: ({ pause }) => pause?.resumeAt !== undefined && until(pause.resumeAt),
    sortBy: ({ pause }) => pause?.resumeAt,
  },
  { title: 'Backlog', cell: backlogOf, sortBy: ({ backlog }) => backlog, isNumber: true },
  {
    title: 'Oldest',
    cell: ({ oldestAt }) => oldestAt !== undefined && <Ago at={oldestAt} />,
    sortBy: ({ oldestAt }) => oldestAt,
  },
  {
    title: 'Held',
    cell: ({ held, heldIsAtLeast }) => held !== undefined && amount(held, heldIsAtLeast),
    sortBy: ({ held }) => held,
    isNumber: true,
  },
  {
    title: 'Topic',
    cell: (row) => topicsOf(row) && <Foreign>{topicsOf(row)}</Foreign>,
    sortBy: (row) => topicsOf(row),
  },
];

function Reason({
  pause: { reason, detail, code },
}: {
  readonly pause: NonNullable<SubscriptionRow['pause']>;
}) {
  return (
    <span class="reason" title={detail}>
      <b>{code ?? reason}</b> <Foreign>{detail}</Foreign>
    </span>
  );
}

function sinceOf({ pause, slow }: SubscriptionRow): number | undefined {
  return pause?.since ?? slow?.since;
}

/** The backlog is counted every ten minutes: for a recent pause there is no count yet. */
function backlogOf({ backlog, backlogIsAtLeast, closedLanes = [] }: SubscriptionRow) {
  if (backlog !== undefined) return amount(backlog, backlogIsAtLeast);
  return closedLanes.length > 0 && <span title="It is counted within ten minutes.">not counted yet</span>;
}

/** The topics of a subscription as one text; undefined where it has none. */
export const topicsOf = ({ topic, topics }: SubscriptionRow): string | undefined =>
  topics?.join(', ') ?? topic;
