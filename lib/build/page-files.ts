// The files of the page: one script and one style sheet, which esbuild makes in memory when the server starts, and the document
// that loads them. Nothing comes from another host.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Asset = { readonly type: string; readonly body: Buffer };

const file = (name: string): string => fileURLToPath(new URL(`../page/ui/${name}`, import.meta.url));
const SCHEMA = fileURLToPath(new URL('../../events/schema/subscription.schema.json', import.meta.url));
const TEXT = 'charset=utf-8';

/** Makes the files, by their path. Throws when the sources can't be bundled. */
export async function pageAssets(): Promise<ReadonlyMap<string, Asset>> {
  // Imported here: the other commands need no bundler.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: { page: file('page.tsx') },
    outdir: 'out',
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    legalComments: 'none',
    tsconfig: file('tsconfig.json'),
    logLevel: 'silent',
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error('esbuild made no script of the page');
  const style = readFileSync(file('page.css'));
  const tag = createHash('sha256').update(script.contents).update(style).digest('hex').slice(0, 12);
  const document = readFileSync(file('page.html'), 'utf8').replaceAll('TAG', tag);
  return new Map([
    ['/', { type: `text/html; ${TEXT}`, body: Buffer.from(document) }],
    [`/page-${tag}.js`, { type: `text/javascript; ${TEXT}`, body: Buffer.from(script.contents) }],
    [`/page-${tag}.css`, { type: `text/css; ${TEXT}`, body: style }],
    ['/subscription.schema.json', { type: 'application/json', body: readFileSync(SCHEMA) }],
    ['/icon.svg', { type: 'image/svg+xml', body: readFileSync(file('icon.svg')) }],
  ]);
}
