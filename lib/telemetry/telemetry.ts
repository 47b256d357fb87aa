// Log lines with the keys that AWS Powertools gives them, and metrics in CloudWatch's embedded format: JSON to standard output.
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { createLines } from './lines.ts';
import type { CountName, Log, LogFields, MeasureName, Meter } from './log.ts';
import { metricsLines } from './metrics-line.ts';

export type Telemetry = Meter & {
  readonly log: Log;
  /** Counts and measures of one subscription. Only for one whose item has `metrics: true`: CloudWatch charges for each metric. */
  meterOf(subscription: string): Meter;
  /** Adds many lines of one event. */
  infoAll(event: string, list: readonly LogFields[]): void;
  /** Adds the invocation's request id to the following lines. */
  begin(context: Context): void;
  /** Writes the lines, counts and measures collected since the last flush. */
  flush(): void;
};

/** The levels of log lines, from the most to the fewest lines. */
export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'SILENT'] as const;

export type TelemetryOptions = {
  readonly stage: string;
  /** Lines of lower levels are left out. Metrics are written at every level. */
  readonly level: (typeof LOG_LEVELS)[number];
};

/** Makes a function's telemetry. Every line has the function's name and stage, and its invocation's request id. */
export function createTelemetry(functionName: string, { stage, level }: TelemetryOptions): Telemetry {
  const stdout = createLines((text) => process.stdout.write(text));
  const named = { service: 'sqs-webhooks', function: functionName, stage };
  let onEveryLine = membersOf(named);
  const tells = (one: TelemetryOptions['level']) => LOG_LEVELS.indexOf(one) >= LOG_LEVELS.indexOf(level);
  const [tellsInfo, tellsWarn, tellsError] = [tells('INFO'), tells('WARN'), tells('ERROR')];

  function add(of: 'INFO' | 'WARN' | 'ERROR', event: string, list: readonly LogFields[]): void {
    // The common start of the lines is made once; the fields of each line follow.
    const line = { level: of, message: event, timestamp: new Date().toISOString() };
    const start = `{${membersOf(line)},${onEveryLine}`;
    let lines = '';
    for (const fields of list) {
      const own = JSON.stringify(fields);
      lines += own === '{}' ? `${start}}\n` : `${start},${own.slice(1)}\n`;
    }
    stdout.add(lines);
  }

  function infoAll(event: string, list: readonly LogFields[]): void {
    if (tellsInfo && list.length > 0) add('INFO', event, list);
  }

  const dimensions = { function: functionName, stage };
  const all = createTally();
  const each = new Map<string, ReturnType<typeof createTally>>();

  return {
    log: {
      info(event, fields) {
        if (tellsInfo) add('INFO', event, [fields]);
      },
      // Warnings and errors are written at once, because the process may be killed before the next flush.
      warn(event, fields) {
        if (tellsWarn) add('WARN', event, [fields]);
        stdout.flush();
      },
      error(event, fields) {
        if (tellsError) add('ERROR', event, [fields]);
        stdout.flush();
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
