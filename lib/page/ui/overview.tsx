// The first page: the state of all subscriptions. Those that need a person come first.
import { useMemo } from 'preact/hooks';
import { STATES, stateOf } from '#lib/cli/actions/state-of.ts';
import { Link } from './links.tsx';
import { amount, counted } from './numbers.ts';
import { Content, Empty } from './parts.tsx';
import { Pill } from './pill.tsx';
import type { StatusRow } from './results.ts';
import { goTo, type PagePlace, pageAddress } from './route.ts';
import { SUBSCRIPTION_COLUMNS, type SubscriptionRow, topicsOf } from './subscription-columns.tsx';
import { DataTable } from './table.tsx';
import { Traffic } from './traffic.tsx';
import { useCommand } from './use-command.ts';

const EVERY_MS = 5_000;

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
  const rows = useMemo(
    () => lines.map((line): SubscriptionRow => ({ ...line, state: stateOf(line) })),
    [lines],
  );
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
          columns={SUBSCRIPTION_COLUMNS}
          keyOf={({ subscription }) => subscription}
          caption="Subscriptions"
          sort={{ by: 'State', down: false }}
        />
      )}
    </>
  );
}

const textOf = ({ pause, ...row }: SubscriptionRow): string =>
  [row.subscription, topicsOf(row), pause?.reason, pause?.code, pause?.detail].join(' ').toLowerCase();

function Sums({
  rows,
  only,
  onOnly,
}: {
  readonly rows: readonly SubscriptionRow[];
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
