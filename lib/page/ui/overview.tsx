// The first page: the state of all subscriptions. Those that need a person come first.
import { useMemo } from 'preact/hooks';
import { type ShownState, STATES, stateOf } from '#lib/cli/actions/state-of.ts';
import { Link, SubscriptionLink } from './links.tsx';
import { amount, counted, until } from './numbers.ts';
import { Ago, Content, Empty, Foreign } from './parts.tsx';
import { Pill } from './pill.tsx';
import type { StatusRow } from './results.ts';
import { goTo, type PagePlace, pageAddress } from './route.ts';
import { DataTable, type TableColumn } from './table.tsx';
import { Traffic } from './traffic.tsx';
import { useCommand } from './use-command.ts';

const EVERY_MS = 5_000;

type Row = StatusRow & { readonly state: ShownState };

const NEEDING: readonly ShownState[] = ['unreadable', 'stopped', 'outage', 'slow', 'draining', 'going'];

const COLUMNS: readonly TableColumn<Row>[] = [
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

function Reason({ pause: { reason, detail, code } }: { readonly pause: NonNullable<Row['pause']> }) {
  return (
    <span class="reason" title={detail}>
      <b>{code ?? reason}</b> <Foreign>{detail}</Foreign>
    </span>
  );
}

function sinceOf({ pause, slow }: Row): number | undefined {
  return pause?.since ?? slow?.since;
}

/** The backlog is counted every ten minutes: for a recent pause there is no count yet. */
function backlogOf({ backlog, backlogIsAtLeast, closedLanes = [] }: Row) {
  if (backlog !== undefined) return amount(backlog, backlogIsAtLeast);
  return closedLanes.length > 0 && <span title="It is counted within ten minutes.">not counted yet</span>;
}

/** Shows the plot, the sums and the table. */
export function Overview({ place: { parameters } }: { readonly place: PagePlace }) {
  const status = useCommand('status', {}, EVERY_MS);
  return (
    <>
      <h1 tabIndex={-1}>Overview</h1>
      <Content of={status} what="the state of all subscriptions">
        {(lines) => (
          <>
            {lines.length > 0 && <Traffic />}
            <Subscriptions lines={lines} parameters={parameters} />
          </>
        )}
      </Content>
    </>
  );
}

function Subscriptions({
  lines,
  parameters,
}: {
  readonly lines: readonly StatusRow[];
  readonly parameters: URLSearchParams;
}) {
  const search = parameters.get('search') ?? '';
  const only = parameters.get('state') ?? '';
  const rows = useMemo(() => lines.map((line): Row => ({ ...line, state: stateOf(line) })), [lines]);
  const shown = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter(
      (row) => (only === '' || row.state === only) && words.every((word) => textOf(row).includes(word)),
    );
  }, [rows, search, only]);
  const set = (changed: Record<string, string>): void =>
    goTo(pageAddress('/', { search, state: only, ...changed }), { replace: true });
  if (lines.length === 0)
    return (
      <Empty>
        There are no subscriptions yet. Register one:{' '}
        <Link to={pageAddress('/subscription', { new: '1' })}>write an item</Link>, or use “webhooks
        subscriptions put”.
      </Empty>
    );
  return (
    <>
      <Sums rows={rows} only={only} onOnly={(state) => set({ state })} />
      <div class="tools">
        <input
          type="search"
          aria-label="Search subscriptions by id, topic or reason"
          placeholder="Search by id, topic, reason"
          value={search}
          onInput={(event) => set({ search: event.currentTarget.value })}
        />
        <span class="hint" role="status">
          {shown.length === rows.length
            ? counted(rows.length, 'subscription')
            : `${amount(shown.length)} of ${counted(rows.length, 'subscription')}`}
        </span>
        <Link to={pageAddress('/subscription', { new: '1' })}>New subscription</Link>
      </div>
      {shown.length === 0 ? (
        <Empty>No subscription matches the search and the filter.</Empty>
      ) : (
        <DataTable
          rows={shown}
          columns={COLUMNS}
          keyOf={({ subscription }) => subscription}
          caption="Subscriptions"
          sort={{ by: 'State', down: false }}
        />
      )}
    </>
  );
}

const topicsOf = ({ topic, topics }: Row): string | undefined => topics?.join(', ') ?? topic;

const textOf = ({ pause, ...row }: Row): string =>
  [row.subscription, topicsOf(row), pause?.reason, pause?.code, pause?.detail].join(' ').toLowerCase();

function Sums({
  rows,
  only,
  onOnly,
}: {
  readonly rows: readonly Row[];
  readonly only: string;
  readonly onOnly: (state: string) => void;
}) {
  const waiting = rows.reduce((sum, { backlog = 0 }) => sum + backlog, 0);
  const held = rows.reduce((sum, row) => sum + (row.held ?? 0), 0);
  return (
    <div class="sums">
      <fieldset>
        <legend class="unseen">Only subscriptions in this state</legend>
        {STATES.map((state) => ({ state, count: rows.filter((row) => row.state === state).length }))
          .filter(({ state, count }) => count > 0 || state === 'going' || state === only)
          .map(({ state, count }) => (
            <button
              key={state}
              type="button"
              class="sum"
              aria-pressed={only === state}
              onClick={() => onOnly(only === state ? '' : state)}
            >
              <b>{amount(count)}</b>
              <Pill word={state} />
            </button>
          ))}
      </fieldset>
      <div class="sum">
        <b>{amount(waiting)}</b>
        <span>{waiting === 1 ? 'message waits' : 'messages wait'}</span>
      </div>
      <div class="sum">
        <b>{amount(held)}</b>
        <span>held</span>
      </div>
    </div>
  );
}
