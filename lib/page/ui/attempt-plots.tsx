// The plots of attempts: how they ended, and how long they took.
import { Columns } from './columns.tsx';
import { amount, duration } from './numbers.ts';
import type { PlotRange } from './plot-range.ts';
import type { AttemptStep } from './results.ts';

const COUNT = 60;

/** The attempts of each of the columns. */
function columnsOf(
  attempts: readonly AttemptStep[],
  { from, to }: PlotRange,
): readonly (readonly AttemptStep[])[] {
  const columns: AttemptStep[][] = Array.from({ length: COUNT }, () => []);
  for (const one of attempts) {
    const index = Math.floor(((Date.parse(one.at) - from) / (to - from)) * COUNT);
    columns[Math.min(index, COUNT - 1)]?.push(one);
  }
  return columns;
}

/** How many attempts delivered, and how many did not. */
export function OutcomePlot({
  attempts,
  range,
}: {
  readonly attempts: readonly AttemptStep[];
  readonly range: PlotRange;
}) {
  const columns = columnsOf(attempts, range);
  const countOf = (isDelivered: boolean) =>
    columns.map((column) => column.filter(({ outcome }) => (outcome === 'delivered') === isDelivered).length);
  return (
    <Columns
      title="Attempts"
      series={[
        { name: 'delivered', tone: 'good', values: countOf(true) },
        { name: 'not delivered', tone: 'bad', values: countOf(false) },
      ]}
      {...range}
      unit={amount}
    />
  );
}

/** A plot of the durations of the exchanges: the median, and above it the 95th percentile. */
export function LatencyPlot({
  attempts,
  range,
}: {
  readonly attempts: readonly AttemptStep[];
  readonly range: PlotRange;
}) {
  const columns = columnsOf(attempts, range).map((column) =>
    column.flatMap(({ durationMs }) => durationMs ?? []).sort((a, b) => a - b),
  );
  const median = columns.map((sorted) => quantile(sorted, 0.5));
  const high = columns.map((sorted, index) => quantile(sorted, 0.95) - (median[index] ?? 0));
  return (
    <Columns
      title="Duration"
      series={[
        { name: 'median', tone: 'plain', values: median },
        { name: 'more for 95 of 100', tone: 'pale', values: high },
      ]}
      {...range}
      unit={duration}
    />
  );
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
