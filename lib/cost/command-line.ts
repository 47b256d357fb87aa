// How the calculators `npm run cost` and `npm run scale` read their command line. A wrong option is answered with a sentence.
import { parseArgs } from 'node:util';
import { closest } from '#lib/item/did-you-mean.ts';

export type NumberRule = {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  readonly usual?: number;
  readonly meaning: string;
};

export type CalculatorLine = {
  /** What the user types, for the hint at the end of a sentence: `npm run cost`. */
  readonly command: string;
  readonly numbers: Readonly<Record<string, NumberRule>>;
  readonly texts: Readonly<Record<string, TextRule>>;
  /** What `--help` prints. */
  readonly usage: () => string;
};
export type TextRule = {
  readonly values: readonly string[];
  readonly usual: string;
  readonly meaning: string;
};

type HelpOrWrong =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly text: string };
/** What a calculator makes of its command line. */
export type ReadOptions<T> = { readonly kind: 'options'; readonly options: T } | HelpOrWrong;

type ReadCalculatorLine =
  | HelpOrWrong
  | {
      readonly kind: 'values';
      /** The numbers that were given. */
      readonly numbers: ReadonlyMap<string, number>;
      /** The given texts, and the defaults of the others. */
      readonly texts: ReadonlyMap<string, string>;
    };

/** Reads options of the form `--name value` and `--name=value`. Values are checked by the rules. */
export function readCalculatorLine(args: readonly string[], line: CalculatorLine): ReadCalculatorLine {
  const names = [...Object.keys(line.texts), ...Object.keys(line.numbers)];
  const wrong = (sentence: string) => wrongOption(sentence, line);
  const { values, tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
      help: { type: 'boolean', short: 'h' },
    },
  });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') return wrong(`The word "${token.value}" belongs to no option.`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') return { kind: 'help', text: line.usage() };
    if (!names.includes(token.name)) return wrong(unknown(token, names));
    if (seen.has(token.name)) return wrong(`The option ${token.rawName} is given twice.`);
    if (token.value === undefined) return wrong(`The option ${token.rawName} needs a value.`);
    seen.add(token.name);
  }
  const numbers = numbersIn(values, line.numbers);
  if (typeof numbers === 'string') return wrong(numbers);
  const texts = new Map<string, string>();
  for (const [name, { values: known, usual }] of Object.entries(line.texts)) {
    const value = String(values[name] ?? usual);
    if (!known.includes(value))
      return wrong(`--${name} has to be one of ${known.join(', ')}, not "${value}".`);
    texts.set(name, value);
  }
  return { kind: 'values', numbers, texts };
}

/** A sentence about a wrong option, with the hint to `--help`. */
export const wrongOption = (sentence: string, { command }: Pick<CalculatorLine, 'command'>) =>
  ({ kind: 'wrong', text: `${sentence} (${command} -- --help shows what there is)` }) as const;

/** The rows of options for `--help`: each option with its meaning, and its default in brackets. */
export function optionRows({ texts, numbers }: Pick<CalculatorLine, 'texts' | 'numbers'>): string {
  const rows = [
    ...Object.entries(texts).map(([name, { values, usual, meaning }]) => [
      `--${name} ${values.join('|')}`,
      `${meaning} (${usual})`,
    ]),
    ...Object.entries(numbers).map(([name, { meaning, usual }]) => [
      `--${name} N`,
      usual === undefined ? meaning : `${meaning} (${usual})`,
    ]),
    ['--help', 'show this'],
  ];
  const width = Math.max(...rows.map(([option = '']) => option.length));
  return rows.map(([option = '', meaning]) => `  ${option.padEnd(width)}  ${meaning}`).join('\n');
}

function unknown(
  { name, rawName }: { readonly name: string; readonly rawName: string },
  names: readonly string[],
): string {
  const meant = closest(name, [...names, 'help']);
  return `There is no option ${rawName}.${meant === undefined ? '' : ` Did you mean --${meant}?`}`;
}

/** The numbers that are given; a sentence when one of them is wrong. */
function numbersIn(
  values: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, NumberRule>>,
): ReadonlyMap<string, number> | string {
  const numbers = new Map<string, number>();
  for (const [name, rule] of Object.entries(rules)) {
    const text = values[name];
    if (typeof text !== 'string') continue;
    const value = Number(text);
    const isNumber = /^\d+(\.\d+)?$/.test(text) && (!rule.whole || Number.isInteger(value));
    if (!isNumber || value < rule.least || value > rule.most) {
      const kind = rule.whole ? 'a whole number' : 'a number';
      return `--${name} has to be ${kind} from ${rule.least} to ${rule.most}, not "${text}".`;
    }
    numbers.set(name, value);
  }
  return numbers;
}
