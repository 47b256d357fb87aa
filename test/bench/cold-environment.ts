// An environment of a function as Lambda starts it, for its first invocation only: it imports the bundle, runs the handler once
// with the event that its parent sends, and answers with what both took.
import { pathToFileURL } from 'node:url';

export type ColdCost = {
  /** Milliseconds of CPU time and of real time. */
  readonly importCpuMs: number;
  readonly importMs: number;
  readonly firstCpuMs: number;
  readonly firstMs: number;
};

const [file = '', name = ''] = process.argv.slice(2);
const imported = meter();
const bundle: Record<string, unknown> = await import(pathToFileURL(file).href);
const ofImport = imported();
const handler = bundle[name];
if (typeof handler !== 'function') throw new Error(`${file} exports no function ${name}`);

process.once('message', async (event) => {
  const first = meter();
  await handler(event, {
    ...{ awsRequestId: 'cold', functionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? '' },
    getRemainingTimeInMillis: () => 60_000,
  });
  const ofFirst = first();
  const cost: ColdCost = {
    ...{ importCpuMs: ofImport.cpuMs, importMs: ofImport.ms },
    ...{ firstCpuMs: ofFirst.cpuMs, firstMs: ofFirst.ms },
  };
  process.send?.(cost, undefined, undefined, () => process.exit());
});
process.send?.('ready');

function meter(): () => { readonly cpuMs: number; readonly ms: number } {
  const [cpu, startedAt] = [process.cpuUsage(), performance.now()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMs: (user + system) / 1000, ms: performance.now() - startedAt };
  };
}
