// Log lines and counts by AWS Powertools: JSON to standard output, metrics in CloudWatch's embedded format.
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Count, Fields, Log } from './log.ts';

export type Telemetry = {
  readonly log: Log;
  readonly count: Count;
  /** Puts the invocation's request id on the lines that follow. */
  begin(context: Context): void;
  /** Writes the counts since the last time. */
  flush(): void;
};

/** The function's name and stage go on every line, the request id on those of its invocation. */
export function createTelemetry(functionName: string, stage: string): Telemetry {
  const logger = new Logger({
    serviceName: 'sqs-webhooks',
    persistentKeys: { function: functionName, stage },
  });
  const metrics = new Metrics({
    namespace: 'SqsWebhooks',
    serviceName: 'sqs-webhooks',
    defaultDimensions: { function: functionName, stage },
  });
  const sums = new Map<string, number>();
  return {
    log: {
      info: (event: string, fields: Fields) => logger.info(event, { ...fields }),
      warn: (event: string, fields: Fields) => logger.warn(event, { ...fields }),
      error: (event: string, fields: Fields) => logger.error(event, { ...fields }),
    },
    count: (name, by = 1) => sums.set(name, (sums.get(name) ?? 0) + by),
    begin: (context) => logger.appendKeys({ requestId: context.awsRequestId }),
    flush() {
      if (sums.size === 0) return;
      for (const [name, sum] of sums) metrics.addMetric(name, MetricUnit.Count, sum);
      sums.clear();
      metrics.publishStoredMetrics();
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
