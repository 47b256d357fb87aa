// The dead letters of an endpoint: which, why, and sending them again after a dry run.
import { useState } from 'preact/hooks';
import { MessageLink, SubscriptionLink } from './links.tsx';
import { amount, counted } from './numbers.ts';
import { Ago, Content, Empty, Foreign, Labelled } from './parts.tsx';
import { Redrive } from './redrive.tsx';
import type { Letter, LetterFilter } from './results.ts';
import { goTo, type PagePlace, pageAddress } from './route.ts';
import { DataTable, type TableColumn } from './table.tsx';
import { useCommand } from './use-command.ts';

const MOST = 500;
const UNDELIVERABLE = 'undeliverable';
const FIELDS = [
  { name: 'subscription', label: 'Subscription', hint: 'Its id' },
  { name: 'topic', label: 'Topic', hint: 'Its name' },
  { name: 'reason', label: 'Reason', hint: 'Such as rejected, expired' },
  { name: 'status', label: 'Status', hint: 'Such as 410 or 4xx' },
  { name: 'id', label: 'Message', hint: 'Its webhook-id' },
  { name: 'from', label: 'Since', hint: 'Such as 2h, or a time' },
  { name: 'to', label: 'Before', hint: 'Such as 10m, or a time' },
] as const;
const LISTS: readonly string[] = ['reason', 'status', 'id'];

const COLUMNS: readonly TableColumn<Letter>[] = [
  { title: 'Age', cell: ({ at }) => <Ago at={Date.parse(at)} />, sortBy: ({ at }) => at },
  {
    title: 'Subscription',
    cell: ({ subscription }) => subscription && <SubscriptionLink id={subscription} />,
    sortBy: ({ subscription }) => subscription,
  },
  { title: 'Reason', cell: ({ reason }) => <b>{reason}</b>, sortBy: ({ reason }) => reason },
  {
    title: 'Status',
    cell: ({ status, code }) => status ?? code,
    sortBy: ({ status, code }) => String(status ?? code ?? ''),
  },
  {
    title: 'Answer',
    cell: ({ excerpt }) => excerpt && <span class="excerpt">{excerpt.trim()}</span>,
    isWide: true,
  },
  { title: 'Attempts', cell: ({ attempts }) => attempts, sortBy: ({ attempts }) => attempts, isNumber: true },
  { title: 'Rounds', cell: ({ rounds }) => rounds, sortBy: ({ rounds }) => rounds, isNumber: true },
  {
    title: 'Message',
    cell: ({ id }) => <MessageLink id={id} />,
  },
];

/** The filter that the address holds. */
function filterIn(parameters: URLSearchParams): LetterFilter {
  const given = FIELDS.flatMap(({ name }): [string, string | string[]][] => {
    const text = parameters.get(name)?.trim() ?? '';
    if (text === '') return [];
    return [[name, LISTS.includes(name) ? text.split(',').map((part) => part.trim()) : text]];
  });
  return Object.fromEntries(given);
}

/** Shows the endpoints, the filter and the dead letters. */
export function DeadLettersPage({ place: { parameters } }: { readonly place: PagePlace }) {
  const endpoints = useCommand('endpoints-list', {});
  return (
    <>
      <h1 tabIndex={-1}>Dead letters</h1>
      <Content of={endpoints} what="the endpoints">
        {(known) => {
          const names = [...known.map(({ name }) => name), UNDELIVERABLE];
          const endpoint = parameters.get('endpoint') ?? names[0] ?? UNDELIVERABLE;
          const filter = filterIn(parameters);
          const item = known.find(({ name }) => name === endpoint);
          const set = (changed: Record<string, string>): void =>
            goTo(pageAddress('/dead-letters', { ...Object.fromEntries(parameters), endpoint, ...changed }), {
              replace: true,
            });
          return (
            <>
              <FilterForm
                key={endpoint}
                names={names}
                endpoint={endpoint}
                parameters={parameters}
                onSet={set}
              />
              {item !== undefined && (
                <p class="hint">
                  {item.type} <Foreign>{item.fault ?? item.goes}</Foreign>
                </p>
              )}
              <Letters key={`${endpoint} ${JSON.stringify(filter)}`} endpoint={endpoint} filter={filter} />
            </>
          );
        }}
      </Content>
    </>
  );
}

function FilterForm({
  names,
  endpoint,
  parameters,
  onSet,
}: {
  readonly names: readonly string[];
  readonly endpoint: string;
  readonly parameters: URLSearchParams;
  readonly onSet: (changed: Record<string, string>) => void;
}) {
  function search(event: SubmitEvent): void {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const given = [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]);
    onSet(Object.fromEntries(given));
  }
  return (
    <form onSubmit={search}>
      <div class="grid">
        <Labelled label="Endpoint">
          {(ids) => (
            <select
              {...ids}
              value={endpoint}
              onChange={(event) => onSet({ endpoint: event.currentTarget.value })}
            >
              {names.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        {FIELDS.map(({ name, label, hint }) => (
          <Labelled key={name} label={label}>
            {(ids) => (
              <input {...ids} name={name} placeholder={hint} defaultValue={parameters.get(name) ?? ''} />
            )}
          </Labelled>
        ))}
      </div>
      <div class="buttons start">
        <button type="submit">Filter</button>
      </div>
    </form>
  );
}

function Letters({ endpoint, filter }: { readonly endpoint: string; readonly filter: LetterFilter }) {
  const listed = useCommand('dead-letters-list', { endpoint, limit: MOST, filter });
  const [round, setRound] = useState(0);
  return (
    <>
      <Redrive
        key={round}
        endpoint={endpoint}
        filter={filter}
        isReading={listed.loading}
        onDone={listed.reload}
        onAgain={() => setRound(round + 1)}
      />
      <Content of={listed} what="the dead letters">
        {({ letters, seen, left }) =>
          letters.length === 0 ? (
            <Empty>
              {seen === 0
                ? 'There is no dead letter at this endpoint.'
                : `None of ${counted(seen, 'dead letter')} matches the filter.`}
              {listed.notes.length > 0 && ` ${listed.notes.join(' ')}`}
            </Empty>
          ) : (
            <>
              {listed.notes.map((note) => (
                <p key={note} class="hint">
                  {note}
                </p>
              ))}
              <p class="hint">
                {counted(letters.length, 'dead letter')}
                {left > 0 && `; about ${amount(left)} more were not read`}. Those that were read from a queue
                are invisible to others for a while.
              </p>
              <DataTable
                rows={letters}
                columns={COLUMNS}
                keyOf={({ id, subscription }, index) => `${id} ${subscription} ${index}`}
                caption="Dead letters"
              />
            </>
          )
        }
      </Content>
    </>
  );
}
