// The cost of a cold start before the handler runs: CPU of importing a bundle in a process of its own.
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { bundleFile } from './bundle.ts';
import { SAMPLE_ENVIRONMENT } from './sample-environment.ts';

const SCRIPT = `
  const started = performance.now();
  const before = process.cpuUsage();
  await import(process.argv[1]);
  const { user, system } = process.cpuUsage(before);
  console.log([(user + system) / 1000, performance.now() - started].join(' '));
`;

/** Milliseconds of CPU for importing the function's bundle. Build it first. */
export function importCost(functionName: string): { cpuMs: number; wallMs: number } {
  const url = pathToFileURL(bundleFile(functionName)).href;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, url], {
    env: SAMPLE_ENVIRONMENT,
    encoding: 'utf8',
  });
  const [cpuMs = Number.NaN, wallMs = Number.NaN] = output.split(' ').map(Number);
  return { cpuMs, wallMs };
}
