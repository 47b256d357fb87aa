// Output of commands: tables and sentences for people, or one JSON value for programs with --json. Results go to standard
// output, everything else to standard error.
import { once } from 'node:events';
import { styleText } from 'node:util';
import stringWidth from 'string-width';

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export type Print = {
  readonly json: boolean;
  /** Prints the result, once per command: `value` for programs, `people()` for people. */
  result(value: unknown, people: () => string): void;
  /** Prints a part of a long result: each value as JSON on a line of its own, or the text. Waits for a slow reader. */
  lines(values: readonly unknown[], people: () => string): Promise<void>;
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
      stdout.write(`${json ? escapedControls(JSON.stringify(value, null, 2)) : shown(people())}\n`);
    },
    async lines(values, people) {
      const text = json
        ? values.map((value) => escapedControls(JSON.stringify(value))).join('\n')
        : shown(people());
      if (!stdout.write(`${text}\n`)) await once(stdout, 'drain');
    },
    note: (text) => void stderr.write(`${shown(text)}\n`),
    paint: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
    // Some terminals say 0 for a width that they do not know.
    width: stdout.isTTY === true && stdout.columns !== 0 ? stdout.columns : undefined,
  };
}

export type Column<T> = {
  readonly title: string;
  readonly of: (row: T) => string | number | undefined;
  readonly style?: (row: T) => Style | undefined;
};

/** Spaces between two columns. */
const GAP = 2;
/** No column becomes narrower than this for the sake of the others, unless the terminal is very narrow. */
const NARROWEST = 8;

/** Formats rows as a table with columns as wide as their widest cell. On a terminal the widest columns are cut until a line fits. */
export function table<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  print: Pick<Print, 'paint' | 'width'>,
): string {
  return growingTable(columns, print).add(rows);
}

/**
 * Makes a table to which rows are added in several calls. The first text that `add` returns begins with the titles. A column
 * becomes wider for a longer cell, as far as the terminal has room, and never becomes narrower.
 */
export function growingTable<T>(
  columns: readonly Column<T>[],
  { paint, width }: Pick<Print, 'paint' | 'width'>,
): { add(rows: readonly T[]): string } {
  const widest = columns.map(({ title }) => stringWidth(title));
  const isNumber = columns.map(() => true);
  let widths: readonly number[] = widest;
  let isFirst = true;
  const line = (row: readonly string[], styles: readonly (Style | undefined)[]): string =>
    row
      .map((cell, at) => {
        const wide = widths[at] ?? 0;
        const text = cut(cell, wide);
        const space = ' '.repeat(wide - stringWidth(text));
        const style = styles[at];
        const painted = style === undefined || text === '' ? text : paint(style, text);
        if (isNumber[at]) return `${space}${painted}`;
        return at === row.length - 1 ? painted : `${painted}${space}`;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const titles = (): string =>
    line(
      columns.map(({ title }) => title),
      columns.map(() => 'dim'),
    );
  return {
    add(rows) {
      const cells = rows.map((row) => columns.map(({ of }) => of(row)));
      const texts = cells.map((row) => row.map((cell) => plain(cell === undefined ? '' : String(cell))));
      for (const at of columns.keys()) {
        widest[at] = texts.reduce((most, row) => Math.max(most, stringWidth(row[at] ?? '')), widest[at] ?? 0);
        isNumber[at] &&= cells.every((row) => row[at] === undefined || typeof row[at] === 'number');
      }
      widths = width === undefined ? widest : fitted(widest, width);
      const head = isFirst ? [titles()] : [];
      isFirst = false;
      const lines = rows.map((row, index) =>
        line(
          texts[index] ?? [],
          columns.map(({ style }) => style?.(row)),
        ),
      );
      return [...head, ...lines].join('\n');
    },
  };
}

/** Takes from the widest column, one after the other, until all fit into the width. */
function fitted(widest: readonly number[], width: number): readonly number[] {
  const widths = [...widest];
  const room = Math.max(width - GAP * (widths.length - 1), widths.length);
  for (const least of [NARROWEST, 1]) {
    for (let excess = sum(widths) - room; excess > 0; excess = sum(widths) - room) {
      const most = Math.max(...widths);
      if (most <= least) break;
      const at = widths.lastIndexOf(most);
      const second = Math.max(least, ...widths.filter((_, other) => other !== at));
      widths[at] = Math.max(most - excess, Math.min(second, most - 1), least);
    }
  }
  return widths;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The text in so many columns of a terminal: cut between two characters as a person sees them. */
function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let fits = '';
  let left = width - 1;
  for (const { segment } of graphemes.segment(text)) {
    left -= stringWidth(segment);
    if (left < 0) break;
    fits += segment;
  }
  return `${fits}…`;
}

// A joiner between two emoji makes one of them. Anywhere else it is a character that nobody can see.
const JOINER = String.raw`(?<=[\p{Emoji_Presentation}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})`;
const HIDDEN = String.raw`(?!${JOINER})[\p{Cc}\p{Cf}\u2028\u2029]`;
const EACH_HIDDEN = new RegExp(HIDDEN, 'gu');

/** Replaces control characters of one line: topics, errors and bodies must not control the reader's terminal. */
export const plain = (text: string): string => text.replace(EACH_HIDDEN, '?');

/** The same for a text of several lines. The colours of this file stay. */
export const shown = (text: string): string => withoutControls(text, () => '?');

// A value may hold one of these too: it hides nothing, and moves nothing.
const COLOUR = String.raw`\u001b\[(?:1|2|22|3[123]|39)m`;
const CONTROL = new RegExp(`(${COLOUR})|(?![\\n\\t])${HIDDEN}`, 'gu');

const withoutControls = (text: string, replaced: (character: string) => string): string =>
  text.replace(CONTROL, (character, colour?: string) => colour ?? replaced(character));

/** The text with its control characters written as JSON writes them, so that JSON stays the same value. */
export const escapedControls = (text: string): string => withoutControls(text, escaped);

/** JSON itself escapes the controls of ASCII only. */
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
