// Metrics as log lines in CloudWatch's embedded format:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
import { type CountName, MEASURES, type MeasureName } from './log.ts';

const NAMESPACE = 'SqsWebhooks';
/** CloudWatch takes a hundred values of a metric a line. */
const MOST_VALUES = 100;

/** Counts as sums, and measures as single values, in the order in which they came. */
export type MetricTally = {
  readonly sums: Map<CountName, number>;
  readonly values: Map<MeasureName, number[]>;
};

/** Makes the lines of a tally, each with its line break, and empties the tally. No line is made of an empty one. */
export function metricsLines(
  { sums, values }: MetricTally,
  dimensions: Readonly<Record<string, string>>,
  timestamp: number,
): string {
  let lines = '';
  while (sums.size > 0 || values.size > 0) {
    const metrics: { readonly Name: string; readonly Unit: string }[] = [];
    const fields: Record<string, number | readonly number[]> = {};
    for (const [name, sum] of sums) {
      metrics.push({ Name: name, Unit: 'Count' });
      fields[name] = sum;
    }
    sums.clear();
    for (const [name, list] of values) {
      metrics.push({ Name: name, Unit: MEASURES[name] });
      const some = list.splice(0, MOST_VALUES);
      fields[name] = some.length === 1 ? (some[0] ?? 0) : some;
      if (list.length === 0) values.delete(name);
    }
    const CloudWatchMetrics = [
      { Namespace: NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: metrics },
    ];
    lines += `${JSON.stringify({ _aws: { Timestamp: timestamp, CloudWatchMetrics }, ...dimensions, ...fields })}\n`;
  }
  return lines;
}
