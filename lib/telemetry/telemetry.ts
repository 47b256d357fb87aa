// Log lines in the format of AWS Powertools, and metrics in CloudWatch's embedded format: JSON to standard output.
import { Logger, LogLevelThreshold } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { createLines } from './lines.ts';
import type { CountName, Log, LogFields, MeasureName, Meter } from './log.ts';
import { metricsLines } from './metrics-line.ts';

export type Telemetry = Meter & {
  readonly log: Log;
  /** Counts and measures of one subscription, if its item has `metrics: true`. CloudWatch charges for each metric. */
  meterOf(subscription: string): Meter;
  /** Adds many lines of one event. */
  infoAll(event: string, list: readonly LogFields[]): void;
  /** Adds the invocation's request id to the following lines. */
  begin(context: Context): void;
  /** Writes the lines, counts and measures collected since the last flush. */
  flush(): void;
};

/** Makes a function's telemetry. Every line has the function's name and stage, and its invocation's request id. */
export function createTelemetry(functionName: string, stage: string): Telemetry {
  const service = 'sqs-webhooks';
  const logger = new Logger({
    serviceName: service,
    persistentKeys: { function: functionName, stage },
  });
  const stdout = createLines((text) => process.stdout.write(text));
  process.once('exit', stdout.flush);
  const tellsInfo = logger.level <= LogLevelThreshold.INFO;
  const named = { service, function: functionName, stage };
  let onEveryLine = membersOf(named);

  /** Each message has one or two such lines: written here in Powertools' format at a third of the CPU. */
  const info = (event: string, fields: LogFields): void => infoAll(event, [fields]);

  function infoAll(event: string, list: readonly LogFields[]): void {
    if (!tellsInfo || list.length === 0) return;
    // The common start of the lines is made once; the fields of each line follow.
    const line = { level: 'INFO', message: event, timestamp: new Date().toISOString() };
    const start = `{${membersOf(line)},${onEveryLine}`;
    let lines = '';
    for (const fields of list) {
      const own = JSON.stringify(fields);
      lines += own === '{}' ? `${start}}\n` : `${start},${own.slice(1)}\n`;
    }
    stdout.add(lines);
  }

  const dimensions = { function: functionName, stage };
  const all = createTally();
  const each = new Map<string, ReturnType<typeof createTally>>();

  return {
    log: {
      info,
      warn(event: string, fields: LogFields) {
        stdout.flush();
        logger.warn(event, { ...fields });
      },
      error(event: string, fields: LogFields) {
        stdout.flush();
        logger.error(event, { ...fields });
      },
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
      onEveryLine = membersOf({ ...named, requestId });
    },
    flush() {
      const now = Date.now();
      stdout.add(metricsLines(all, dimensions, now));
      for (const [subscription, tally] of each) {
        stdout.add(metricsLines(tally, { ...dimensions, subscription }, now));
      }
      each.clear();
      stdout.flush();
    },
  };
}

/** The members of an object as JSON, without the braces. */
const membersOf = (fields: Readonly<Record<string, string>>): string => JSON.stringify(fields).slice(1, -1);

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
