import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { licencesText, packageFolders } from '#lib/build/licences.ts';

function packageWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'licences-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'lib'));
  return folder;
}
const manifest = (more: object) => JSON.stringify({ name: 'parcel', version: '1.2.3', ...more });

test('a file belongs to the innermost package, scoped or not; our own files belong to none', () => {
  expect(
    packageFolders([
      'node_modules/@scope/outer/lib/index.js',
      'node_modules/@scope/outer/node_modules/inner/index.js',
      'node_modules/plain/index.js',
      'node_modules/plain/lib/other.js',
      'lib/message/lane.ts',
      'plugin:node_modules',
    ]),
  ).toEqual([
    'node_modules/@scope/outer',
    'node_modules/@scope/outer/node_modules/inner',
    'node_modules/plain',
  ]);
});

test("a package's licence and notice files are kept whole", () => {
  const folder = packageWith({
    'package.json': manifest({ license: 'Apache-2.0' }),
    'license.md': 'Do as you like.\r\nAt your own risk.\r\n',
    NOTICE: 'Made by Parcel Ltd.',
    'licenser.js': 'code',
  });
  const text = licencesText([folder]);
  expect(text).toContain('parcel 1.2.3 (Apache-2.0)');
  expect(text).toContain('Do as you like.\nAt your own risk.');
  expect(text).toContain('Made by Parcel Ltd.');
  expect(text).not.toContain('code\n');
});

test('packages with the same text share it', () => {
  const one = packageWith({ 'package.json': manifest({ license: 'ISC' }), LICENSE: 'The same text.' });
  const other = packageWith({
    'package.json': manifest({ name: 'letter', license: 'ISC' }),
    LICENSE: 'The same text.\n',
  });
  const text = licencesText([one, other]);
  expect(text).toContain('parcel 1.2.3 (ISC)\nletter 1.2.3 (ISC)\n');
  expect(text.split('The same text.')).toHaveLength(2);
});

test('a package without a licence file gets the standard text, with its author', () => {
  const folder = packageWith({ 'package.json': manifest({ license: 'MIT', author: { name: 'Ada' } }) });
  const text = licencesText([folder]);
  expect(text).toContain('Copyright (c) Ada\n\nPermission is hereby granted');
});

test('a package without a licence file and without a known licence is refused, by name', () => {
  const folder = packageWith({ 'package.json': manifest({ license: 'SEE LICENSE IN CONTRACT' }) });
  expect(() => licencesText([folder])).toThrow('parcel 1.2.3');
});
