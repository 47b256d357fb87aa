// Checks the structure of lib/ and functions/: no circle of files or of folders, no name that two files export, and a
// docstring on every exported function outside lib/local.
// `npm run structure` prints what is wrong and ends with 1.
import { globSync, readFileSync } from 'node:fs';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';

const ROOTS = ['lib', 'functions'];

/** Returns one message for each name that several files export. Every function exports `handler`, some `createHandler`. */
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

const FUNCTION =
  /^export (?:async )?function\*? ([\w$]+)|^export const ([\w$]+) =\s*(?:async )?(?:<[^>]*>)?\(/;

/** Every exported function that has no docstring, with its file and line. */
export function functionsWithoutDocstring(
  files: readonly { readonly path: string; readonly text: string }[],
): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      const [found, name = '', arrow = ''] = FUNCTION.exec(`${line}\n${lines[index + 1] ?? ''}`) ?? [];
      if (found === undefined || lines[index - 1]?.trim().endsWith('*/')) return [];
      return `${path}:${index + 1}: ${name || arrow} has no docstring: say what it returns, its units, when it throws`;
    });
  });
}

/** Returns one message for each import that violates a rule of .dependency-cruiser.json, such as a circular import. */
export async function brokenImportRules(roots: readonly string[] = ROOTS): Promise<string[]> {
  const { forbidden, options } = JSON.parse(readFileSync('.dependency-cruiser.json', 'utf8'));
  const cruised: ICruiseOptions = { ...options, validate: true, ruleSet: { forbidden } };
  const { output } = await cruise([...roots], cruised);
  if (typeof output === 'string')
    throw new TypeError('dependency-cruiser returned text instead of an object');
  return violationsOf(output);
}

const violationsOf = ({ summary }: ICruiseResult): string[] =>
  summary.violations.map(({ rule, from, to, cycle }) => {
    const way = cycle === undefined ? [to] : cycle.map(({ name }) => name);
    return `${rule.name}: ${[from, ...way].join(' -> ')}`;
  });

if (import.meta.main) {
  const files = ROOTS.flatMap((root) => globSync(`${root}/**/*.{ts,tsx}`)).map((path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }));
  const wrong = [
    ...(await brokenImportRules()),
    ...namesExportedTwice(files),
    ...functionsWithoutDocstring(files.filter(({ path }) => !path.startsWith('lib/local/'))),
  ];
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) process.exitCode = 1;
  else
    console.log(
      `The structure holds: ${files.length} files, no circles, no exported name twice, a docstring each.`,
    );
}
