import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensurePackaged } from '#lib/local/package.ts';
import { readTemplate, TEMPLATE_FILE } from '#lib/local/template.ts';

let root: string;
beforeEach(() => {
  // A checkout of its own, so that nobody else's is made stale.
  root = mkdtempSync(join(tmpdir(), 'package-'));
  for (const path of [
    'LICENSE',
    'serverless.yml',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'functions',
    'lib',
  ]) {
    cpSync(path, join(root, path), { recursive: true });
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'), 'dir');
});
afterEach(() => {
  rmSync(root, { recursive: true });
  vi.unstubAllEnvs();
});

const madeAt = () => statSync(join(root, TEMPLATE_FILE)).mtimeMs;

test('only changed sources are packaged again; parallel callers package once', async () => {
  await Promise.all([ensurePackaged(root), ensurePackaged(root), ensurePackaged(root)]);
  const first = madeAt();
  expect(Object.keys(readTemplate(root).Resources)).toContain('RouteLambdaFunction');
  await ensurePackaged(root);
  expect(madeAt()).toBe(first);
  writeFileSync(join(root, 'functions/route.ts'), 'export const handler = async () => "changed";\n');
  await ensurePackaged(root);
  expect(madeAt()).toBeGreaterThan(first);
  expect(readFileSync(join(root, 'dist/route/index.js'), 'utf8')).toContain('changed');
});

test("a failure shows the CLI's words, and the next try works", async () => {
  const good = readFileSync(join(root, 'serverless.yml'), 'utf8');
  writeFileSync(join(root, 'serverless.yml'), good.replace('batchSize: 10', 'batchSiez: 10'));
  await expect(ensurePackaged(root)).rejects.toThrow('batchSiez');
  writeFileSync(join(root, 'serverless.yml'), good);
  await ensurePackaged(root);
});

test("the README's environment for npm start, with a region that AWS does not have, lets it package", async () => {
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566');
  vi.stubEnv('AWS_REGION', undefined);
  vi.stubEnv('AWS_DEFAULT_REGION', 'local');
  await ensurePackaged(root);
  expect(Object.keys(readTemplate(root).Resources)).toContain('RouteLambdaFunction');
});

test('a lock whose holder has died is taken over', async () => {
  await ensurePackaged(root);
  // No process has this id: it is above every system's largest.
  writeFileSync(join(root, '.build/packaging'), '999999999');
  writeFileSync(join(root, 'functions/route.ts'), 'export const handler = async () => "changed";\n');
  await ensurePackaged(root);
});
