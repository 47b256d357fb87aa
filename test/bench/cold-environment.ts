// An environment of a function as Lambda starts it, for its first invocation only: it imports the bundle, and says what this
// took. If its parent then sends an event, it runs the handler once, says what this took, and ends.
import { pathToFileURL } from 'node:url';

/** Milliseconds of CPU time of the process, and of real time. */
export type PhaseCost = { readonly cpuMs: number; readonly ms: number };

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
  process.send?.(first(), undefined, undefined, () => process.exit());
});
process.once('disconnect', () => process.exit());
process.send?.(ofImport);

function meter(): () => PhaseCost {
  const [cpu, startedAt] = [process.cpuUsage(), performance.now()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMs: (user + system) / 1000, ms: performance.now() - startedAt };
  };
}
