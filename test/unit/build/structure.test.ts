import { existsSync, globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { functionsWithoutDocstring, namesExportedTwice } from '#lib/build/structure.ts';

describe('names exported twice', () => {
  it('names both files for a type and a function of one name', () => {
    const files = [
      { path: 'lib/a.ts', text: 'export type Page = { readonly items: string[] };\n' },
      { path: 'lib/b.ts', text: 'const inner = 1;\nexport async function Page(): Promise<void> {}\n' },
    ];
    expect(namesExportedTwice(files)).toEqual([
      'Page is exported by lib/a.ts and lib/b.ts: give one of them another name',
    ]);
  });

  it('lets a name stand once, and every function have a handler', () => {
    const files = [
      { path: 'functions/a.ts', text: 'export const handler = 1;\nexport function only() {}\n' },
      { path: 'functions/b.ts', text: 'export const handler = 2;\nfunction only() {}\n' },
    ];
    expect(namesExportedTwice(files)).toEqual([]);
  });
});

describe('functions without a docstring', () => {
  it('finds declarations and arrow functions, also over two lines', () => {
    const text = `/** Adds. */
export const sum = (a: number) => a;
export const bare =
  (a: number) => a;
export async function* bareToo() {}
export const value = 3;
function inner() {}
`;
    expect(functionsWithoutDocstring([{ path: 'lib/a.ts', text }]).map((line) => line.slice(0, 16))).toEqual([
      'lib/a.ts:3: bare',
      'lib/a.ts:5: bare',
    ]);
  });
});

/** Tests that are not about one file of lib: of pages, of stories, of benchmarks, of the ledger under faults, and of the emulated SQS as a whole. */
const OF_NO_FILE =
  /^test\/unit\/(bench|docs|faults|stories|local\/aws\/sqs)\/|^test\/unit\/dangers\.test\.ts$/;

it('unit tests mirror lib: each has the path of its file', () => {
  const astray = globSync('test/unit/**/*.test.ts').filter((test) => {
    const file = test.replace('test/unit/', 'lib/').replace('.test.ts', '');
    return !OF_NO_FILE.test(test) && !existsSync(`${file}.ts`) && !existsSync(`${file}.cjs`);
  });
  expect(astray).toEqual([]);
});
