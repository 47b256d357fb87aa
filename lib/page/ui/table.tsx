// A table of rows: sorting, pages, and a layout for narrow screens.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

export type TableColumn<T> = {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** What the rows are sorted by when somebody presses the title; undefined: they can't be. */
  readonly sortBy?: (row: T) => string | number | undefined;
  readonly isNumber?: boolean;
  /** Whether the column takes the rest of the width. */
  readonly isWide?: boolean;
};

type Sort = { readonly by: string; readonly down: boolean };

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
  readonly sort?: Sort;
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
  // Rows without a value come last in both directions.
  keyed.sort(({ key: a }, { key: b }) => {
    if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
    const order = a < b ? -1 : a > b ? 1 : 0;
    return down ? -order : order;
  });
  return keyed.map(({ row }) => row);
}
