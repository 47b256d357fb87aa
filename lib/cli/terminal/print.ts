// Output of commands: tables and sentences for people, or one JSON value for programs with --json. Results go to standard
// output, everything else to standard error.
import { styleText } from 'node:util';

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export type Print = {
  readonly json: boolean;
  /** Prints the result, once per command: `value` for programs, `people()` for people. */
  result(value: unknown, people: () => string): void;
  /** Prints a note to standard error. */
  note(text: string): void;
  /** Colours the text on a terminal, unless NO_COLOR is set. */
  paint(style: Style, text: string): string;
  /** Columns of the terminal; undefined when the output is no terminal. */
  readonly width: number | undefined;
};

export type Style = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

/** Makes the printer of a command. */
export function createPrint(
  { json }: { readonly json: boolean },
  { stdout, stderr, env }: { stdout: Output; stderr: Output; env: NodeJS.ProcessEnv },
): Print {
  const colours = stdout.isTTY === true && !env.NO_COLOR && !json;
  return {
    json,
    result(value, people) {
      stdout.write(`${json ? withoutControls(JSON.stringify(value, null, 2), escaped) : shown(people())}\n`);
    },
    note: (text) => void stderr.write(`${shown(text)}\n`),
    paint: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
    width: stdout.isTTY === true ? stdout.columns : undefined,
  };
}

export type Column<T> = {
  readonly title: string;
  readonly of: (row: T) => string | number | undefined;
  readonly style?: (row: T) => Style | undefined;
};

/** Formats rows as a table with columns as wide as their widest cell. Lines fit the terminal's width. */
export function table<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  { paint, width }: Pick<Print, 'paint' | 'width'>,
): string {
  const cells = rows.map((row) => columns.map(({ of }) => of(row)));
  const texts = cells.map((row) => row.map((cell) => plain(cell === undefined ? '' : String(cell))));
  const widths = columns.map(({ title }, at) =>
    texts.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), title.length),
  );
  const isNumber = columns.map((_, at) =>
    cells.every((row) => row[at] === undefined || typeof row[at] === 'number'),
  );
  const line = (row: readonly string[], styles: readonly (Style | undefined)[]): string => {
    let left = width ?? Number.POSITIVE_INFINITY;
    const parts: string[] = [];
    for (const [at, cell] of row.entries()) {
      const wide = widths[at] ?? 0;
      const last = at === row.length - 1;
      const text = isNumber[at] ? cell.padStart(wide) : last ? cell : cell.padEnd(wide);
      const fits = text.length <= left ? text : `${text.slice(0, Math.max(left - 1, 0))}…`;
      const style = styles[at];
      parts.push(style === undefined ? fits : paint(style, fits));
      left -= fits.length + 2;
      if (left <= 0) break;
    }
    return parts.join('  ').trimEnd();
  };
  return [
    line(
      columns.map(({ title }) => title),
      columns.map(() => 'dim'),
    ),
    ...texts.map((row, index) => {
      const of = rows[index];
      return line(
        row,
        columns.map(({ style }) => (of === undefined ? undefined : style?.(of))),
      );
    }),
  ].join('\n');
}

/** Replaces control characters of one line: topics, errors and bodies must not control the reader's terminal. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');

/** The same for a text of several lines. The colours of this file stay. */
export const shown = (text: string): string => withoutControls(text, () => '?');

// A value may hold one of these too: it hides nothing, and moves nothing.
const COLOUR = String.raw`\u001b\[(?:1|2|22|3[123]|39)m`;
const CONTROL = new RegExp(`(${COLOUR})|(?![\\n\\t])[\\p{Cc}\\p{Cf}\\u2028\\u2029]`, 'gu');

const withoutControls = (text: string, replaced: (character: string) => string): string =>
  text.replace(CONTROL, (character, colour?: string) => colour ?? replaced(character));

/** JSON escapes the controls of ASCII only. */
const escaped = (character: string): string =>
  [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');

/** A short age: `12s`, `5m`, `3h`, `9d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds}s`;
  if (seconds < 6_000) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}
