// Log lines and metrics by AWS Powertools: JSON to standard output, metrics in CloudWatch's embedded format.
import { Logger, LogLevelThreshold } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { type CountName, type Log, type LogFields, MEASURES, type MeasureName, type Meter } from './log.ts';

export type Telemetry = Meter & {
  readonly log: Log;
  /** Counts and measures with the subscription as a further dimension: for those that ask for it, each costs money. */
  meterOf(subscription: string): Meter;
  /** Lines of one event for many things, written at once: each write costs more than its line. */
  infoAll(event: string, list: readonly LogFields[]): void;
  /** Puts the invocation's request id on the lines that follow. */
  begin(context: Context): void;
  /** Writes the counts and measures since the last time. */
  flush(): void;
};

/** CloudWatch takes a hundred values of a metric in one line; Powertools would write the line by itself at that. */
const MOST_VALUES = 99;

/** The function's name and stage go on every line, the request id on those of its invocation. */
export function createTelemetry(functionName: string, stage: string): Telemetry {
  const service = 'sqs-webhooks';
  const logger = new Logger({
    serviceName: service,
    persistentKeys: { function: functionName, stage },
  });
  const tellsInfo = logger.level <= LogLevelThreshold.INFO;
  let onEveryLine: Readonly<Record<string, string>> = { service, function: functionName, stage };

  /** Each message has a line of this kind or two: written as Powertools would write it, at a third of the CPU. */
  const info = (event: string, fields: LogFields): void => infoAll(event, [fields]);

  function infoAll(event: string, list: readonly LogFields[]): void {
    if (!tellsInfo || list.length === 0) return;
    const line = { level: 'INFO', message: event, timestamp: new Date().toISOString(), ...onEveryLine };
    // What all lines begin with is made once; a line's own fields follow, of other names.
    const start = JSON.stringify(line).slice(0, -1);
    let lines = '';
    for (const fields of list) {
      const own = JSON.stringify(fields);
      lines += own === '{}' ? `${start}}\n` : `${start},${own.slice(1)}\n`;
    }
    process.stdout.write(lines);
  }

  const metrics = new Metrics({ namespace: 'SqsWebhooks' });
  // Without the service's name, which Powertools puts first: it is the same for all.
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

/** The middleware that has every invocation told of, whatever becomes of it. */
export function telling<Event, Result>({
  begin,
  flush,
}: Telemetry): MiddlewareObj<Event, Result, Error, Context> {
  return {
    before: ({ context }) => begin(context),
    after: () => flush(),
    onError: () => flush(),
  };
}
