// Log lines and metrics by AWS Powertools: JSON to standard output, metrics in CloudWatch's embedded format.
import { Logger, LogLevelThreshold } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { type CountName, type Log, type LogFields, MEASURES, type MeasureName, type Meter } from './log.ts';

export type Telemetry = Meter & {
  readonly log: Log;
  /** Counts and measures of one subscription, if its item has `metrics: true`. CloudWatch charges for each metric. */
  meterOf(subscription: string): Meter;
  /** Writes many lines of one event with a single write, because a write costs more CPU than making the lines. */
  infoAll(event: string, list: readonly LogFields[]): void;
  /** Adds the invocation's request id to the following lines. */
  begin(context: Context): void;
  /** Writes the counts and measures collected since the last flush. */
  flush(): void;
};

/** CloudWatch takes a hundred values of a metric a line. At a hundred, Powertools would write the line too early. */
const MOST_VALUES = 99;

/** Makes a function's telemetry. Every line has the function's name and stage, and its invocation's request id. */
export function createTelemetry(functionName: string, stage: string): Telemetry {
  const service = 'sqs-webhooks';
  const logger = new Logger({
    serviceName: service,
    persistentKeys: { function: functionName, stage },
  });
  const tellsInfo = logger.level <= LogLevelThreshold.INFO;
  let onEveryLine: Readonly<Record<string, string>> = { service, function: functionName, stage };

  /** Each message has one or two such lines: written here in Powertools' format at a third of the CPU. */
  const info = (event: string, fields: LogFields): void => infoAll(event, [fields]);

  function infoAll(event: string, list: readonly LogFields[]): void {
    if (!tellsInfo || list.length === 0) return;
    const line = { level: 'INFO', message: event, timestamp: new Date().toISOString(), ...onEveryLine };
    // The common start of the lines is made once; the fields of each line follow.
    const start = JSON.stringify(line).slice(0, -1);
    let lines = '';
    for (const fields of list) {
      const own = JSON.stringify(fields);
      lines += own === '{}' ? `${start}}\n` : `${start},${own.slice(1)}\n`;
    }
    process.stdout.write(lines);
  }

  const metrics = new Metrics({ namespace: 'SqsWebhooks' });
  // Without the service's name, which is the same for all functions.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ function: functionName, stage });
  const all = createTally();
  const each = new Map<string, ReturnType<typeof createTally>>();

  function write({ sums, values }: ReturnType<typeof createTally>, subscription?: string): void {
    while (sums.size > 0 || values.size > 0) {
      if (subscription !== undefined) metrics.addDimension('subscription', subscription);
      for (const [name, sum] of sums) metrics.addMetric(name, MetricUnit.Count, sum);
      sums.clear();
      for (const [name, list] of values) {
        for (const value of list.splice(0, MOST_VALUES)) metrics.addMetric(name, MEASURES[name], value);
        if (list.length === 0) values.delete(name);
      }
      metrics.publishStoredMetrics();
    }
  }

  return {
    log: {
      info,
      warn: (event: string, fields: LogFields) => logger.warn(event, { ...fields }),
      error: (event: string, fields: LogFields) => logger.error(event, { ...fields }),
    },
    infoAll,
    count: all.count,
    measure: all.measure,
    meterOf(subscription) {
      const tally = each.get(subscription) ?? createTally();
      each.set(subscription, tally);
      return tally;
    },
    begin({ awsRequestId: requestId }) {
      logger.appendKeys({ requestId });
      onEveryLine = { ...onEveryLine, requestId };
    },
    flush() {
      write(all);
      for (const [subscription, tally] of each) write(tally, subscription);
      each.clear();
    },
  };
}

function createTally() {
  const sums = new Map<CountName, number>();
  const values = new Map<MeasureName, number[]>();
  return {
    sums,
    values,
    count: (name: CountName, by = 1) => void sums.set(name, (sums.get(name) ?? 0) + by),
    measure(name: MeasureName, value: number) {
      const list = values.get(name);
      if (list) list.push(value);
      else values.set(name, [value]);
    },
  };
}

/** Returns the middleware that begins and flushes the telemetry of every invocation, also of a failed one. */
export function telemetryMiddleware<Event, Result>({
  begin,
  flush,
}: Telemetry): MiddlewareObj<Event, Result, Error, Context> {
  return {
    before: ({ context }) => begin(context),
    after: () => flush(),
    onError: () => flush(),
  };
}
