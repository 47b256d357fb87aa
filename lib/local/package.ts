// Keeps .serverless/ and dist/ up to date: runs `serverless package` when the sources have changed. Several processes may
// call it at the same time: one packages, the others wait.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { TEMPLATE_FILE } from './template.ts';

const SOURCES = ['serverless.yml', 'package-lock.json', 'functions', 'lib'];
const MADE = [TEMPLATE_FILE, 'dist'];
const STAMP = '.build/packaged';
const LOCK = '.build/packaging';

/** Packages the stage `local` unless the existing package is up to date. Throws with the output of `serverless` on failure. */
export async function ensurePackaged(root: string): Promise<void> {
  mkdirSync(join(root, '.build'), { recursive: true });
  if (isFresh(root)) return;
  await locked(join(root, LOCK), async () => {
    if (isFresh(root)) return;
    const sources = hashOf(root, SOURCES);
    await runPackage(root);
    // The hash from before packaging: if a source changed meanwhile, the next call packages again.
    writeFileSync(join(root, STAMP), stampOf(sources, hashOf(root, MADE)));
  });
}

function isFresh(root: string): boolean {
  return readIfThere(join(root, STAMP)) === stampOf(hashOf(root, SOURCES), hashOf(root, MADE));
}

const stampOf = (sources: string, made: string): string => `${sources} ${made}\n`;

function hashOf(root: string, paths: string[]): string {
  const hash = createHash('sha256');
  for (const path of paths.flatMap((one) => filesBelow(root, one))) {
    hash
      .update(`${path}\0`)
      .update(readIfThere(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesBelow(root: string, path: string): string[] {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesBelow(root, `${path}/${name}`));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return '';
    throw error;
  }
}

async function runPackage(root: string): Promise<void> {
  const cli = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
  const output = await new Promise<{ failed: boolean; text: string }>((resolve) => {
    execFile(process.execPath, [cli, 'package', '--stage', 'local'], { cwd: root }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, text: `${stdout}${stderr}` }),
    );
  });
  if (output.failed) throw new Error(`serverless package failed:\n${output.text}`);
}

async function locked(lock: string, work: () => Promise<void>): Promise<void> {
  while (!take(lock)) {
    const holder = readIfThere(lock);
    if (holder !== '' && !isRunning(Number(holder)) && readIfThere(lock) === holder)
      rmSync(lock, { force: true });
    await setTimeout(100);
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
