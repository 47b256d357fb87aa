// Bundles each function for deployment: one ESM file that includes the AWS SDK, and the licences of its packages. The
// serverless plugin, the tests and `npm run build` call it.
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { LICENCES_FILE, licencesText, packageFolders } from './licences.ts';
import { requireHttp } from './require-http.ts';
import { slimUndici } from './slim-undici.ts';

/** The functions: one file each in functions/. */
export const functionNames = (): string[] => readdirSync('functions').map((file) => basename(file, '.ts'));

// The bundle is ESM; some CommonJS packages in it call `require`.
const REQUIRE_FOR_COMMONJS = `import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);`;

/** Writes <folder>/<function>/index.js and its licences for every function. Must run in the checkout's root. */
export async function bundle(folder = 'dist'): Promise<Metafile> {
  mkdirSync(folder, { recursive: true });
  // The bundles are `.js` files with a package.json, because `serverless invoke local` does not load `.mjs` files.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  const { metafile } = await build({
    entryPoints: functionNames().map((name) => ({ in: `functions/${name}.ts`, out: `${name}/index` })),
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE_FOR_COMMONJS },
    // Includes the code of the Kafka client's compression, which would look for a file beside the bundle.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    plugins: [requireHttp(), slimUndici()],
    metafile: true,
  });
  for (const [file, { inputs }] of Object.entries(metafile.outputs)) {
    writeFileSync(join(dirname(file), LICENCES_FILE), licencesText(packageFolders(Object.keys(inputs))));
  }
  return metafile;
}

/** Path of a function's bundle. */
export const bundleFile = (name: string): string => `dist/${name}/index.js`;
/** Size of a function's bundle in bytes. Throws when it was not built. */
export const bundleBytes = (name: string): number => statSync(bundleFile(name)).size;
