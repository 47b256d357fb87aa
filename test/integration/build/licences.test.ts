// The licences that are deployed with each function, held against the lock file and the packages' own files.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { bundle, functionNames } from '#lib/build/bundle.ts';

const { packages: locked } = z
  .object({
    packages: z.record(
      z.string(),
      z.object({ version: z.string().optional(), license: z.string().optional() }),
    ),
  })
  .parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));

let folder: string;
let files: Record<string, Metafile>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'licences-'));
  files = await bundle(folder);
  return () => rmSync(folder, { recursive: true });
});

/** The lock file's entries that this function's bundle holds code of. */
function packagesOf(name: string): string[] {
  const outputs = Object.values(files[name]?.outputs ?? {});
  const holders = outputs
    .flatMap(({ inputs }) => Object.keys(inputs))
    .flatMap((file) => {
      const within = Object.keys(locked).filter((path) => path !== '' && file.startsWith(`${path}/`));
      return within.sort((one, other) => other.length - one.length).slice(0, 1);
    });
  return [...new Set(holders)];
}

describe.each(functionNames())('the function %s', (name) => {
  test('has beside it the name, version, licence and licence text of every package in it', () => {
    const text = readFileSync(join(folder, name, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    const packages = packagesOf(name);
    expect(packages).toContain('node_modules/zod');
    for (const path of packages) {
      const { version, license } = locked[path] ?? {};
      const title = `${path.replace(/^.*node_modules\//, '')} ${version} (${license})`;
      const section = text.split(/^=+$/m).find((one) => one.split('\n').includes(title)) ?? '';
      expect(section, title).toMatch(/warranties|warranty/i);
      for (const file of readdirSync(path).filter((one) => /^licen[cs]e/i.test(one))) {
        expect(section).toContain(readFileSync(join(path, file), 'utf8').replaceAll('\r\n', '\n').trim());
      }
    }
  });

  test('is packaged with it', () => {
    // The names of an archive's files stand in it as they are.
    const archive = readFileSync(`.serverless/${name}.zip`);
    expect(archive.includes(`dist/${name}/THIRD-PARTY-LICENSES.txt`)).toBe(true);
    for (const file of readdirSync(join('dist', name))) {
      expect(archive.includes(`dist/${name}/${file}`), file).toBe(true);
    }
    expect(archive.includes(`dist/${name}/index.js`)).toBe(true);
  });
});
