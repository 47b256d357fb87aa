// Bundles each function for deployment: an ESM file that includes what of the AWS SDK it needs, files of what few of its
// invocations need, which are loaded when they are needed, and the licences of its packages. The serverless plugin, the
// tests and `npm run build` call it.
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { LICENCES_FILE, licencesText, packageFolders } from './licences.ts';
import { ownBarrels } from './own-barrels.ts';
import { requireHttp } from './require-http.ts';
import { shortNames } from './short-names.ts';
import { slimAxios } from './slim-axios.ts';
import { slimUndici } from './slim-undici.ts';

/** The functions: one file each in functions/. */
export const functionNames = (): string[] => readdirSync('functions').map((file) => basename(file, '.ts'));

// The bundle is ESM; some CommonJS packages in it call `require`.
const REQUIRE_FOR_COMMONJS = `import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);`;

/** Writes <folder>/<function>/index.js and its licences for every function. Must run in the checkout's root. */
export async function bundle(folder = 'dist'): Promise<Record<string, Metafile>> {
  mkdirSync(folder, { recursive: true });
  // The bundles are `.js` files with a package.json, because `serverless invoke local` does not load `.mjs` files.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  const names = functionNames();
  const files = await Promise.all(names.map((name) => bundleFunction(name, join(folder, name))));
  return Object.fromEntries(names.map((name, index) => [name, files[index] as Metafile]));
}

async function bundleFunction(name: string, outdir: string): Promise<Metafile> {
  // The parts have names of their content: those of an older version would be packaged too.
  rmSync(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: [{ in: `functions/${name}.ts`, out: 'index' }],
    outdir,
    bundle: true,
    // What is imported late is in files of its own, so that a cold start does not read it.
    splitting: true,
    chunkNames: 'part-[hash]',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Names are shortened in some packages only (short-names.ts). The others stay as they are, for the stacks of errors: esbuild's
    // `keepNames` would add a call for each function that is made.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE_FOR_COMMONJS },
    // Includes the code of the Kafka client's compression, which would look for a file beside the bundle.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    plugins: [requireHttp(), slimAxios(), slimUndici(), ownBarrels(), shortNames()],
    metafile: true,
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  writeFileSync(join(outdir, LICENCES_FILE), licencesText(packageFolders(inputs)));
  return metafile;
}

/** Path of a function's bundle. */
export const bundleFile = (name: string): string => `dist/${name}/index.js`;
/** Size of a function's files of code in bytes, with the parts that are loaded late. Throws when it was not built. */
export const bundleBytes = (name: string): number =>
  readdirSync(`dist/${name}`)
    .filter((file) => file.endsWith('.js'))
    .reduce((sum, file) => sum + statSync(join('dist', name, file)).size, 0);
