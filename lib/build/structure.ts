// Holds the structure of lib/ and functions/: no circle of files or of folders, and no exported name that two files use.
// `npm run structure` prints what is wrong and ends with 1.
import { globSync, readFileSync } from 'node:fs';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';

const ROOTS = ['lib', 'functions'];

/** Every name that more than one file exports, each with its files. `handler` and `createHandler` are Lambda's. */
export function namesExportedTwice(
  files: readonly { readonly path: string; readonly text: string }[],
): string[] {
  const exportedBy = new Map<string, Set<string>>();
  for (const { path, text } of files) {
    for (const name of exportedNames(text)) {
      exportedBy.set(name, (exportedBy.get(name) ?? new Set()).add(path));
    }
  }
  return [...exportedBy]
    .filter(([name, paths]) => paths.size > 1 && name !== 'handler' && name !== 'createHandler')
    .map(
      ([name, paths]) => `${name} is exported by ${[...paths].join(' and ')}: give one of them another name`,
    );
}

const EXPORT =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|type|interface|enum) ([\w$]+)/gm;

const exportedNames = (text: string): string[] => [...text.matchAll(EXPORT)].map(([, name = '']) => name);

/** Circles of files and of folders, and imports that lead nowhere, by the rules of .dependency-cruiser.json. */
export async function brokenImportRules(roots: readonly string[] = ROOTS): Promise<string[]> {
  const { forbidden, options } = JSON.parse(readFileSync('.dependency-cruiser.json', 'utf8'));
  const cruised: ICruiseOptions = { ...options, validate: true, ruleSet: { forbidden } };
  const { output } = await cruise([...roots], cruised);
  if (typeof output === 'string') throw new TypeError('dependency-cruiser answered with text');
  return violationsOf(output);
}

const violationsOf = ({ summary }: ICruiseResult): string[] =>
  summary.violations.map(({ rule, from, to, cycle }) => {
    const way = cycle === undefined ? [to] : cycle.map(({ name }) => name);
    return `${rule.name}: ${[from, ...way].join(' -> ')}`;
  });

if (import.meta.main) {
  const files = ROOTS.flatMap((root) => globSync(`${root}/**/*.ts`)).map((path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }));
  const wrong = [...(await brokenImportRules()), ...namesExportedTwice(files)];
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) process.exitCode = 1;
  else console.log(`The structure holds: ${files.length} files, no circles, no exported name twice.`);
}
