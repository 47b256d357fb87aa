// Builds the bundles of a broken copy of the product, and runs seeds on them until one finds the defect. The same run on the
// product itself has to keep every promise.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackaged } from '#lib/local/package.ts';
import type { Breach } from './check.ts';
import { createEachCall, type Job, nameOf, seedsFrom } from './jobs.ts';
import type { Mutation } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';
import type { SeedResult } from './run-seed.ts';
import { runSeeds } from './seeds.ts';

/** `to`: undefined unless seeds were asked for. */
type Limits = { readonly from: number; readonly to: number | undefined; readonly workers: number };

/** The seeds, or runs of its plan, that a mutation gets before it counts as not found. */
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
    const { runs, caught } = await runsOf(mutation, limits);
    const control = caught && (await breachOfProduct(caught));
    if (caught === undefined || control !== undefined) missed += 1;
    console.log(verdict(mutation.id, runs, caught, control));
  }
  console.log(`${chosen.length} mutations, ${missed} missed`);
  return chosen.length > 0 && missed === 0;
}

function verdict(
  id: string,
  runs: number,
  caught: SeedResult | undefined,
  control: string | undefined,
): string {
  if (caught === undefined) return `MISSED  ${id}: ${runs} runs broke none of its promises`;
  if (control !== undefined) return `INVALID ${id}: the product itself, without the mutation: ${control}`;
  const [first] = caught.breaches;
  return `caught  ${id}: after ${runs} runs, seed ${nameOf(caught)}, ${first?.promise}: ${first?.text.slice(0, 150)}`;
}

/** The broken promises of a run that show the mutation. A run that crashed shows a fault of the harness. */
export const breachesBy = (
  { breaks }: Pick<Mutation, 'breaks'>,
  { breaches, hasCrashed }: Pick<SeedResult, 'breaches' | 'hasCrashed'>,
): readonly Breach[] => (hasCrashed ? [] : breaches.filter(({ promise }) => breaks.includes(promise)));

/** Runs seeds, or the mutation's own plan, on the broken product until a promise is broken. */
async function runsOf(mutation: Mutation, { from, to, workers }: Limits) {
  const { isEachCall, calls, plan } = mutation;
  const each = isEachCall ? createEachCall(from, to ?? from, { ...(plan && { plan }) }) : undefined;
  const jobs =
    each?.jobs ??
    seedsFrom(from, to ?? from + MOST_SEEDS - 1, { ...(calls && { calls }), ...(plan && { plan }) });
  let runs = 0;
  let caught: SeedResult | undefined;
  await onCopy(mutation, async (root) => {
    await runSeeds({ root, jobs, workers, forMs: Number.POSITIVE_INFINITY, kafka: false }, (result) => {
      runs += 1;
      each?.heard(result, result.metFaults.length > 0);
      if (result.hasCrashed) console.log(`crashed ${mutation.id}: seed ${nameOf(result)}`);
      const breaches = breachesBy(mutation, result);
      if (breaches.length > 0) caught ??= { ...result, breaches };
      return caught === undefined;
    });
  });
  return { runs, caught };
}

/** Runs a job on the product as it is: a promise that is broken then too says nothing about the mutation. */
async function breachOfProduct({ seed, kill, calls, plan }: SeedResult): Promise<string | undefined> {
  const root = process.cwd();
  const job: Job = { seed, ...(kill && { kill }), ...(calls && { calls }), ...(plan && { plan }) };
  const jobs = [job].values();
  let found: string | undefined;
  await ensurePackaged(root);
  await runSeeds(
    { root, jobs, workers: 1, forMs: Number.POSITIVE_INFINITY, kafka: false },
    ({ breaches: [first] }) => {
      if (first !== undefined) found = `${first.promise}: ${first.text.slice(0, 150)}`;
      return true;
    },
  );
  return found;
}

async function onCopy(
  { edits }: Pick<Mutation, 'edits'>,
  run: (root: string) => Promise<void>,
): Promise<void> {
  const root = process.cwd();
  const copy = mkdtempSync(join(tmpdir(), 'faults-mutation-'));
  try {
    for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const [file, before, after] of edits) edit(join(copy, file), before, after);
    await ensurePackaged(copy);
    await run(copy);
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
