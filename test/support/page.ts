// A page of documentation as its tests see it: its blocks of code, by language and name, and its tables.
import { readFileSync } from 'node:fs';

export type Page = {
  readonly text: string;
  /** All blocks of a language, in order. */
  blocks(language: string): string[];
  /** The one block that its opening line names, as in "```js receiver.mjs". */
  block(name: string): string;
  /** The rows below the header that begins so, each as its cells without backticks. */
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
