// `npm run scale`: what a load needs of each limit of a stage, what breaks first, and when a second stage is due, by
// formulas and simulated. The calls of a delivery are counted, as `npm run cost` counts them.
import { readScaleOptions } from '#lib/scale/options.ts';
import { scaleReport } from '#lib/scale/report.ts';
import { simulationReport } from '#lib/simulation/report.ts';
import { countCalls } from './counts.ts';

const read = readScaleOptions(process.argv.slice(2));
if (read.kind === 'help') console.log(read.text);
else if (read.kind === 'wrong') {
  console.error(read.text);
  process.exitCode = 1;
} else {
  const { options } = read;
  const counted = (batch: number) =>
    countCalls({
      qos: options.qos,
      order: options.order,
      subscriptions: options.subscriptions,
      perRequest: Math.min(options.perRequest, batch),
      batch,
    });
  const calls = { full: await counted(10), alone: await counted(1) };
  console.log(scaleReport(options, calls));
  console.log(`\n${simulationReport(options, options.settings)}`);
}
