// `npm run build`: bundles every function and prints what each weighs and what importing it costs.
import { bundle, bundleBytes, functionNames } from './bundle.ts';
import { importCost } from './import-cost.ts';

await bundle();
for (const name of functionNames()) {
  const { cpuMs, wallMs } = importCost(name);
  const kib = (bundleBytes(name) / 1024).toFixed(0);
  console.log(
    `${name.padEnd(8)} ${kib.padStart(4)} KiB, import ${wallMs.toFixed(0)} ms, of it CPU ${cpuMs.toFixed(0)} ms`,
  );
}
