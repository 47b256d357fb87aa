// Reads a documentation page for its tests: code blocks by language and name, and tables.
import { readFileSync } from 'node:fs';

export type Page = {
  readonly text: string;
  /** All code blocks of a language, in order. */
  blocks(language: string): string[];
  /** The code block with this text in its opening line, as in "```js receiver.mjs". Throws unless there is exactly one. */
  block(name: string): string;
  /** The rows below the table header that starts with this text, each as its cells without backticks. */
  table(header: string): string[][];
};

export function readPage(file: string): Page {
  const text = readFileSync(file, 'utf8');
  const all = [...text.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', name = '', code = '']) => ({ language, name, code }),
  );
  const bare = text.replace(/^```[\s\S]*?^```$/gm, '');
  return {
    text,
    blocks: (language) => all.filter((one) => one.language === language).map(({ code }) => code),
    block(name) {
      const found = all.filter((one) => one.name === name);
      const [one] = found;
      if (one === undefined || found.length > 1)
        throw new Error(`${file} has ${found.length} blocks ${name}`);
      return one.code;
    },
    table(header) {
      const lines = bare.split('\n');
      const at = lines.findIndex((line) => line.startsWith(`| ${header}`));
      if (at === -1) throw new Error(`${file} has no table ${header}`);
      const rows = lines.slice(at + 2);
      const end = rows.findIndex((line) => !line.startsWith('|'));
      return rows.slice(0, end === -1 ? undefined : end).map(cellsOf);
    },
  };
}

const cellsOf = (row: string): string[] =>
  row
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('`', ''));
