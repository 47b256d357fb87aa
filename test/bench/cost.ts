// `npm run cost`: the bill for a million deliveries and for a month, with full batches and with one message a batch.
import { billOf, totalOf } from '#lib/cost/bill.ts';
import { readCostOptions } from '#lib/cost/options.ts';
import { PRICES } from '#lib/cost/prices.ts';
import { countCalls } from './counts.ts';

const MONTH_SECONDS = (365.25 / 12) * 24 * 3600;

const read = readCostOptions(process.argv.slice(2));
if (read.kind === 'help') console.log(read.text);
else if (read.kind === 'wrong') {
  console.error(read.text);
  process.exitCode = 1;
} else {
  const { rate, batches, ...usage } = read.options;
  const ordered = usage.order === 'key' ? ' in the order of each key' : '';
  const together = usage.perRequest > 1 ? ` in requests of ${usage.perRequest} messages` : '';
  console.log(
    `USD for a million deliveries of ${usage.bodyBytes} bytes under ${usage.qos}${ordered}${together}, callback of ${usage.latencyMs} ms, ${usage.subscriptions} subscriptions; AWS's prices in ${PRICES.region}, ${PRICES.date}`,
  );
  for (const batch of batches) {
    const body = 'x'.repeat(usage.bodyBytes);
    const counts = await countCalls({ ...usage, batch, body });
    const lines = billOf(counts, { ...usage, batch });
    console.log(`\n${batch === 1 ? 'One message a batch' : `${batch} messages a batch`}`);
    for (const { what, units, unit, price } of lines) {
      if (units === 0) continue;
      const columns = [units.toFixed(4).padStart(9), unit.padEnd(12), String(price).padStart(8)];
      console.log(`  ${what.padEnd(52)} ${columns.join(' ')} ${(units * price).toFixed(2).padStart(7)}`);
    }
    const total = totalOf(lines);
    const monthly = (total * rate * MONTH_SECONDS) / 1e6;
    console.log(`  ${'together'.padEnd(83)} ${total.toFixed(2).padStart(7)}`);
    console.log(`  a month at ${rate} deliveries a second: ${monthly.toFixed(2)} USD`);
  }
  console.log('\nOPERATORS.md, "What it costs", says what is not in these figures.');
}
