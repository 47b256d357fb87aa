// CONTRIBUTING.md names the folders, the kinds of tests and the outcomes that the code has.
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Outcome } from '#lib/deliver/outcome.ts';
import { readPage } from '#test/support/page.ts';

const page = readPage('CONTRIBUTING.md');
const namesIn = (text: string): string[] => text.split(', ');
const foldersIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${folder}/${name}`);

test('every folder of lib has its place in the table', () => {
  const named = page.table('folder | what it holds').flatMap(([folders = '']) => namesIn(folders));
  expect(named.filter((name) => name.startsWith('lib/')).sort()).toEqual(foldersIn('lib').sort());
});

test('every kind of test has its place in the table', () => {
  const named = page.table('folder | what it tests').flatMap(([folders = '']) => namesIn(folders));
  const kinds = foldersIn('test').filter((name) => name !== 'test/support');
  expect(named).toEqual(expect.arrayContaining(kinds));
});

test('the glossary has every outcome of an attempt', () => {
  const OUTCOMES: Record<Outcome['kind'], true> = {
    delivered: true,
    rejected: true,
    failed: true,
    unsent: true,
    unknown: true,
  };
  const [, meaning = ''] = page.table('term').find(([term]) => term === 'outcome') ?? [];
  for (const outcome of Object.keys(OUTCOMES)) expect(meaning).toContain(outcome);
});
