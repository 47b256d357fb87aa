// `npm run faults`: hands seeds out to workers and prints the report.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { ensurePackaged } from '#lib/local/package.ts';
import { drawPlan } from './draw.ts';
import { tryMutations } from './mutate.ts';
import { HELP, type Options, parseOptions } from './options.ts';
import { createReport } from './report.ts';
import { runSeeds } from './seeds.ts';

function readOptions(): Options | 'help' | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return undefined;
  }
}

/** Writes the requests and the log lines of a seed that broke a promise. */
function keep(seed: number, evidence: readonly string[]): string {
  const folder = '.build/faults';
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/seed-${seed}.log`;
  writeFileSync(file, `${evidence.join('\n')}\n`);
  return file;
}

async function main(options: Options): Promise<number> {
  if (options.plan) {
    console.log(JSON.stringify(drawPlan(options.from), null, 2));
    return 0;
  }
  const root = process.cwd();
  if (options.mutations !== undefined) return (await tryMutations(options.mutations, options)) ? 0 : 1;
  await ensurePackaged(root);
  const report = createReport();
  if (options.report !== undefined) writeFileSync(options.report, '');
  await runSeeds({ ...options, root }, (result) => {
    report.add(result);
    if (options.report !== undefined) {
      const { evidence: _, ...line } = result;
      appendFileSync(options.report, `${JSON.stringify(line)}\n`);
    }
    for (const { promise, text } of result.breaches) console.log(`seed ${result.seed}: ${promise}: ${text}`);
    if (result.evidence !== undefined)
      console.log(`seed ${result.seed}: see ${keep(result.seed, result.evidence)}`);
    return true;
  });
  console.log(report.text());
  return report.isKept() ? 0 : 1;
}

const options = readOptions();
if (options === 'help') console.log(HELP);
process.exitCode = options === undefined ? 2 : options === 'help' ? 0 : await main(options);
