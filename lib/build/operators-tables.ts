// Writes the tables of OPERATORS.md that the table of parameters makes. Run by `npm run parameters`; a test holds that the
// page has what this makes.
import { readFileSync, writeFileSync } from 'node:fs';
import { RESOURCES } from '#lib/deployment/config.ts';
import { FUNCTION_NAMES, type FunctionName, type Parameter } from '#lib/deployment/parameter.ts';
import { parameterList } from '#lib/deployment/parameters.ts';

const PAGE = 'OPERATORS.md';

const code = (text: string): string => `\`${text}\``;
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(row).join('\n');

const inWords = (functions: readonly FunctionName[]): string =>
  functions.length === FUNCTION_NAMES.length ? 'all' : functions.map(code).join(', ');

const valueInWords = (value: string | number): string => (value === '' ? 'none' : code(String(value)));

const defaultInWords = ({ default: value, stages = {} }: Parameter): string =>
  [
    valueInWords(value),
    ...Object.entries(stages).map(([stage, other]) => `${code(stage)}: ${valueInWords(other)}`),
  ].join('; ');

const allowedInWords = ({ allowed, unit }: Parameter): string =>
  unit === undefined ? allowed : `${allowed} ${unit}`;

const variableInWords = ({ variable, functions = [] }: Parameter): string =>
  variable === undefined ? '' : `${code(variable)}: ${inWords(functions)}`;

const parametersTable = (): string =>
  table(
    ['parameter', 'default', 'allowed', 'what it sets', 'variable: functions'],
    parameterList().map(({ name, ...parameter }) => [
      code(name),
      defaultInWords(parameter),
      allowedInWords(parameter),
      parameter.meaning,
      variableInWords(parameter),
    ]),
  );

const resourcesTable = (): string =>
  table(
    ['variable', 'functions', 'what it is'],
    Object.entries(RESOURCES).map(([variable, { functions, meaning }]) => [
      code(variable),
      inWords(functions),
      meaning,
    ]),
  );

/** The page with its tables as they must be. Throws where the page has no place for one. */
export function withTables(page: string): string {
  return Object.entries({ parameters: parametersTable(), variables: resourcesTable() }).reduce(
    (text, [name, made]) => {
      const [begin, end] = [`<!-- ${name}: made by npm run parameters -->\n`, `\n<!-- end of ${name} -->`];
      const [before, rest] = text.split(begin, 2);
      const after = rest?.slice(rest.indexOf(end));
      if (after === undefined || !after.startsWith(end)) throw new Error(`${PAGE} has no ${begin.trim()}`);
      return `${before}${begin}${made}${after}`;
    },
    page,
  );
}

if (import.meta.main) writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8')));
