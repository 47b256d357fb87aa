// `npm run build`: bundles every function and prints the size of each bundle and the time that importing it takes, and the
// size of the page's files, which are made when its server starts.

import { bundle, bundleBytes, functionNames } from './bundle.ts';
import { importCost } from './import-cost.ts';
import { pageAssets } from './page-files.ts';

await bundle();
for (const name of functionNames()) {
  const { cpuMs, wallMs } = importCost(name);
  const kib = (bundleBytes(name) / 1024).toFixed(0);
  console.log(
    `${name.padEnd(8)} ${kib.padStart(4)} KiB, import ${wallMs.toFixed(0)} ms, CPU ${cpuMs.toFixed(0)} ms`,
  );
}
for (const [path, { body }] of await pageAssets())
  console.log(`page     ${(body.length / 1024).toFixed(0).padStart(4)} KiB, ${path}`);
