// Small parts that every page is made of.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ShownState } from '#lib/cli/actions/state-of.ts';
import { ago, exact } from './numbers.ts';
import { goTo } from './route.ts';
import type { Loaded } from './use-command.ts';

type Children = { readonly children: ComponentChildren };

/** A link to another view of this page. With a modifier key, the browser opens the link in a new tab or window, as usual. */
export function Link({
  to,
  children,
  current,
}: Children & { readonly to: string; readonly current?: boolean }) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <a href={to} onClick={follow} {...(current && { 'aria-current': 'page' })}>
      {children}
    </a>
  );
}

/**
 * A text from an item, a message or an answer. If it is written from right to left, the rest of the line is not affected.
 */
export function Foreign({ children }: Children) {
  return <bdi>{children}</bdi>;
}

const TONES: Readonly<Record<string, string>> = {
  going: 'good',
  delivered: 'good',
  slow: 'warn',
  draining: 'warn',
  outage: 'warn',
  unsent: 'warn',
  unknown: 'warn',
  stopped: 'bad',
  unreadable: 'bad',
  rejected: 'bad',
  failed: 'bad',
  retrying: 'warn',
  waiting: 'warn',
  parked: 'warn',
  delayed: 'warn',
  held: 'warn',
  'dead-letter': 'warn',
  'letter-waits': 'warn',
  bridged: 'warn',
  dropped: 'bad',
  skipped: 'bad',
  discarded: 'bad',
  'held-discarded': 'bad',
  undeliverable: 'bad',
  'without-subscription': 'bad',
};

const MEANING: Readonly<Record<ShownState, string>> = {
  going: 'Messages are delivered as they come.',
  slow: 'The callback takes long. Messages go through the backlog.',
  draining: 'The backlog is being delivered, in order.',
  outage: 'The callback fails. A probe is sent from time to time, and deliveries continue when one succeeds.',
  stopped: 'Nothing is delivered until somebody resumes it or changes its item.',
  unreadable: 'The stored state has an unknown format.',
};

const meaningOf = (word: string): string | undefined =>
  Object.entries(MEANING).find(([name]) => name === word)?.[1];

/** A state or an outcome, in colour and in words. */
export function Pill({ word }: { readonly word: string }) {
  const meaning = meaningOf(word);
  return (
    <span class={`pill ${TONES[word] ?? ''}`} {...(meaning !== undefined && { title: meaning })}>
      {word}
    </span>
  );
}

/** How long ago, with the exact time for whoever asks. */
export function Ago({ at }: { readonly at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {ago(at)}
    </time>
  );
}

/** A sentence where there would be content. */
export function Empty({ children }: Children) {
  return <p class="empty">{children}</p>;
}

/** What went wrong, read out at once by a screen reader. */
export function Failed({ children }: Children) {
  return (
    <p class="failed" role="alert">
      {children}
    </p>
  );
}

/** What was done, read out when the reader pauses. */
export function Done({ children }: Children) {
  return (
    <p class="done" role="status">
      {children}
    </p>
  );
}

/** A progress bar. It moves without a value if the total is not known. */
export function Bar({
  what,
  done,
  total,
  note,
}: {
  readonly what: string;
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  readonly note?: string | undefined;
}) {
  const id = useId();
  const figures = done === undefined ? '' : total === undefined ? `: ${done}` : `: ${done} of ${total}`;
  return (
    <div class="bar" role="status">
      <label for={id}>
        {what}
        {figures}
        {note === undefined ? '' : ` · ${note}`}
      </label>
      <progress id={id} {...(total !== undefined && total > 0 && { value: done, max: total })} />
    </div>
  );
}

/**
 * Shows the result of a command. While the command runs, it shows a sentence that says so, and after a failure the reason.
 */
export function Content<T>({
  of,
  what,
  children,
}: {
  readonly of: Loaded<T>;
  readonly what: string;
  readonly children: (result: T) => ComponentChildren;
}) {
  const { result, failed, progress, loading } = of;
  return (
    <>
      {failed !== undefined && (
        <Failed>
          {failed}{' '}
          <button type="button" onClick={of.reload}>
            Try again
          </button>
        </Failed>
      )}
      {result === undefined && failed === undefined && loading && (
        <Bar what={`Reading ${what}`} done={progress?.done} total={progress?.total} />
      )}
      {result !== undefined && children(result)}
    </>
  );
}

/** A field with its label above and a hint below. */
export function Labelled({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly children: (ids: { readonly id: string; readonly 'aria-describedby'?: string }) => JSX.Element;
}) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(hint === undefined ? { id } : { id, 'aria-describedby': hintId })}
      {hint !== undefined && (
        <small id={hintId} class="hint">
          {hint}
        </small>
      )}
    </div>
  );
}

export type Question = {
  readonly title: string;
  /** What is going to happen, and to how many. */
  readonly text: ComponentChildren;
  /** The text on the button. */
  readonly yes: string;
  readonly danger?: boolean;
  /** Asked together with the question. */
  readonly field?: { readonly label: string; readonly hint: string };
  /** Returns a sentence why it failed, or undefined. */
  readonly act: (field: string) => Promise<string | undefined>;
};

/** Asks once before something is done. Escape and Cancel leave everything as it is. */
export function Ask({ question, onClose }: { readonly question: Question; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string>();
  const [field, setField] = useState('');
  const titleId = useId();
  useEffect(() => dialog.current?.showModal(), []);
  async function act(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const why = await question.act(field);
    setBusy(false);
    setFailed(why);
    if (why === undefined) dialog.current?.close();
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby={titleId}>
      <form onSubmit={act}>
        <h2 id={titleId}>{question.title}</h2>
        <div class="text">{question.text}</div>
        {question.field !== undefined && (
          <Labelled label={question.field.label} hint={question.field.hint}>
            {(ids) => (
              <input
                {...ids}
                value={field}
                maxLength={500}
                onInput={(event) => setField(event.currentTarget.value)}
              />
            )}
          </Labelled>
        )}
        {failed !== undefined && <Failed>{failed}</Failed>}
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={question.danger === true ? 'danger' : 'primary'} disabled={busy}>
            {question.yes}
          </button>
        </div>
      </form>
    </dialog>
  );
}

export type TableColumn<T> = {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** What the rows are sorted by when somebody presses the title; undefined: they can't be. */
  readonly sortBy?: (row: T) => string | number | undefined;
  readonly isNumber?: boolean;
  /** Whether the column takes the rest of the width. */
  readonly isWide?: boolean;
};

const ROWS = 50;

/** A table that is sorted by its titles and shows fifty rows at a time. On a narrow screen each row becomes a block. */
export function DataTable<T>({
  rows,
  columns,
  keyOf,
  caption,
  sort: first,
}: {
  readonly rows: readonly T[];
  readonly columns: readonly TableColumn<T>[];
  readonly keyOf: (row: T, index: number) => string;
  readonly caption: string;
  readonly sort?: { readonly by: string; readonly down: boolean };
}) {
  const [sort, setSort] = useState(first);
  const [page, setPage] = useState(0);
  const by = columns.find(({ title }) => title === sort?.by)?.sortBy;
  const sorted = by === undefined ? rows : sortedBy(rows, by, sort?.down === true);
  const pages = Math.max(1, Math.ceil(sorted.length / ROWS));
  const at = Math.min(page, pages - 1);
  return (
    <>
      <div class="table">
        <table>
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Title key={column.title} column={column} sort={sort} onSort={setSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(at * ROWS, (at + 1) * ROWS).map((row, index) => (
              <tr key={keyOf(row, at * ROWS + index)}>
                {columns.map(({ title, cell, isNumber, isWide }) => (
                  <td
                    key={title}
                    data-title={title}
                    class={isNumber ? 'number' : isWide ? 'wide' : undefined}
                  >
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <nav class="pages" aria-label={`Pages: ${caption}`}>
          <button type="button" disabled={at === 0} onClick={() => setPage(at - 1)}>
            Previous
          </button>
          <span role="status">
            {at * ROWS + 1} to {Math.min((at + 1) * ROWS, sorted.length)} of {sorted.length.toLocaleString()}
          </span>
          <button type="button" disabled={at === pages - 1} onClick={() => setPage(at + 1)}>
            Next
          </button>
        </nav>
      )}
    </>
  );
}

type Sort = { readonly by: string; readonly down: boolean };

function Title<T>({
  column: { title, sortBy, isNumber },
  sort,
  onSort,
}: {
  readonly column: TableColumn<T>;
  readonly sort: Sort | undefined;
  readonly onSort: (sort: Sort) => void;
}) {
  const isSorted = sort?.by === title;
  if (sortBy === undefined)
    return (
      <th scope="col" class={isNumber ? 'number' : undefined}>
        {title}
      </th>
    );
  return (
    <th
      scope="col"
      class={isNumber ? 'number' : undefined}
      aria-sort={isSorted ? (sort.down ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        onClick={() => onSort({ by: title, down: isSorted ? !sort.down : isNumber === true })}
      >
        {title}
        <span aria-hidden="true">{isSorted ? (sort.down ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  );
}

function sortedBy<T>(
  rows: readonly T[],
  by: (row: T) => string | number | undefined,
  down: boolean,
): readonly T[] {
  const keyed = rows.map((row) => ({ row, key: by(row) }));
  // DataTable without a value come last in both directions.
  keyed.sort(({ key: a }, { key: b }) => {
    if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
    const order = a < b ? -1 : a > b ? 1 : 0;
    return down ? -order : order;
  });
  return keyed.map(({ row }) => row);
}

/** A button that copies a text, and shows that it was copied. */
export function Copy({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <button type="button" class="small" onClick={copy}>
      {copied ? 'Copied' : 'Copy'}
    </button>
  );
}
