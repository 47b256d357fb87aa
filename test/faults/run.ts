// `npm run faults`: hands seeds out to workers and prints the report.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { ensurePackaged } from '#lib/local/package.ts';
import { createEachCall, type Job, nameOf, planOf, seedsFrom } from './jobs.ts';
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
function keep(job: Job, evidence: readonly string[]): string {
  const folder = '.build/faults';
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/seed-${nameOf(job).replace(' --kill ', '-').replace(':', '-')}.log`;
  writeFileSync(file, `${evidence.join('\n')}\n`);
  return file;
}

async function main(options: Options): Promise<number> {
  if (options.plan) {
    const job = { seed: options.from, ...(options.kill && { kill: options.kill }) };
    console.log(JSON.stringify(planOf(job, options.kafka), null, 2));
    return 0;
  }
  const root = process.cwd();
  if (options.mutations !== undefined) return (await tryMutations(options.mutations, options)) ? 0 : 1;
  await ensurePackaged(root);
  const report = createReport(options);
  if (options.report !== undefined) writeFileSync(options.report, '');
  if (options.ledger !== undefined) writeFileSync(options.ledger, '');
  const { from, to, kill } = options;
  const each = options.eachCall ? createEachCall(from, to ?? from) : undefined;
  const jobs = each?.jobs ?? (kill === undefined ? seedsFrom(from, to) : [{ seed: from, kill }].values());
  const withLedger = options.ledger !== undefined;
  await runSeeds({ ...options, root, jobs, withLedger }, (result) => {
    report.add(result);
    each?.heard(result, result.metFaults.length > 0);
    if (options.report !== undefined) {
      const { evidence: _, ledger: __, ...line } = result;
      appendFileSync(options.report, `${JSON.stringify(line)}\n`);
    }
    if (options.ledger !== undefined)
      appendFileSync(options.ledger, (result.ledger ?? []).map((line) => `${line}\n`).join(''));
    for (const { promise, text } of result.breaches)
      console.log(`seed ${nameOf(result)}: ${promise}: ${text}`);
    if (result.evidence !== undefined)
      console.log(`seed ${nameOf(result)}: see ${keep(result, result.evidence)}`);
    return true;
  });
  console.log(report.text({ hasTable: options.report !== undefined }));
  const unmet = report.unmet();
  if (unmet.length > 0) console.log(`planned in many runs and met in none: ${unmet.join(', ')}`);
  return report.isKept() && unmet.length === 0 ? 0 : 1;
}

const options = readOptions();
if (options === 'help') console.log(HELP);
process.exitCode = options === undefined ? 2 : options === 'help' ? 0 : await main(options);
