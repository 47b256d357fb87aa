// Builds the bundles of a broken copy of the product, and runs seeds on them until one finds the defect.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackaged } from '#lib/local/package.ts';
import { createEachCall, nameOf, seedsFrom } from './jobs.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { runSeeds } from './seeds.ts';

type Limits = { readonly from: number; readonly to: number | undefined; readonly workers: number };

/** The seeds that a mutation gets before it counts as not found. */
const MOST_SEEDS = 120;

const COPIED = [
  'lib',
  'functions',
  'serverless.yml',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'events',
  'LICENSE',
];

/** Tries the mutations whose id contains the word. Resolves with whether seeds found all of them. */
export async function tryMutations(word: string, limits: Limits): Promise<boolean> {
  const chosen = MUTATIONS.filter(({ id }) => id.includes(word));
  let missed = 0;
  for (const mutation of chosen) {
    const found = await seedsFor(mutation, limits);
    if (found.by === undefined) missed += 1;
    console.log(
      found.by === undefined
        ? `MISSED  ${mutation.id}: ${found.seeds} runs kept every promise`
        : `caught  ${mutation.id}: after ${found.seeds} runs, ${found.by}`,
    );
  }
  console.log(`${chosen.length} mutations, ${missed} missed`);
  return chosen.length > 0 && missed === 0;
}

async function seedsFor(
  { edits, breaks, eachCallOf, calls }: Mutation,
  { from, to = from + MOST_SEEDS - 1, workers }: Limits,
): Promise<{ readonly seeds: number; readonly by: string | undefined }> {
  const root = process.cwd();
  const copy = mkdtempSync(join(tmpdir(), 'faults-mutation-'));
  try {
    for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const [file, before, after] of edits) edit(join(copy, file), before, after);
    await ensurePackaged(copy);
    let seeds = 0;
    let by: string | undefined;
    const each = eachCallOf === undefined ? undefined : createEachCall(eachCallOf, eachCallOf);
    const jobs = each?.jobs ?? seedsFrom(from, to, calls);
    const run = { root: copy, jobs, workers, forMs: Number.POSITIVE_INFINITY, kafka: false };
    await runSeeds(run, (result) => {
      seeds += 1;
      each?.heard(result, result.hits.length > 0);
      const breach = result.breaches.find(({ promise }) => breaks.includes(promise));
      if (breach !== undefined)
        by ??= `seed ${nameOf(result)}, ${breach.promise}: ${breach.text.slice(0, 150)}`;
      return by === undefined;
    });
    return { seeds, by };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function edit(file: string, before: string, after: string): void {
  const text = readFileSync(file, 'utf8');
  if (text.split(before).length !== 2) throw new Error(`${file} has "${before}" not exactly once`);
  writeFileSync(
    file,
    text.replace(before, () => after),
  );
}
