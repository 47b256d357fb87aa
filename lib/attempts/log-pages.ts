// Reads the log lines of one function in a range of time, page by page, as FilterLogEvents returns them: the oldest first.
import { FilterLogEventsCommand, type FilterLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import type { LoggingFunction, LogLine } from './step.ts';

export type LogClients = {
  /** A CloudWatchLogsClient. */
  readonly logs: { send(command: FilterLogEventsCommand): Promise<FilterLogEventsCommandOutput> };
  /** The log group of a function. */
  readonly groupOf: (name: LoggingFunction) => string;
};

export type LogRange = {
  readonly pattern: string;
  /** Epoch milliseconds, the first included and the second not. */
  readonly from: number;
  readonly to: number;
};

/** A page may be empty although more follow: CloudWatch looks through a part of the log in one call. */
export type LogPage = readonly LogLine[];

/** Yields the pages. A missing log group is `missing` to its caller; every other error of CloudWatch Logs is thrown. */
export async function* logPages(
  name: LoggingFunction,
  { pattern, from, to }: LogRange,
  { logs, groupOf }: LogClients,
): AsyncGenerator<LogPage | 'missing'> {
  if (to <= from) return;
  let nextToken: string | undefined;
  do {
    const command = new FilterLogEventsCommand({
      logGroupName: groupOf(name),
      filterPattern: pattern,
      startTime: from,
      // CloudWatch includes the end.
      endTime: to - 1,
      ...(nextToken !== undefined && { nextToken }),
    });
    const answer = await logs.send(command).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (answer === undefined) {
      yield 'missing';
      return;
    }
    yield (answer.events ?? []).map(({ eventId = '', message = '', timestamp = 0 }) => ({
      // An event id is unique in its log group.
      id: `${name}/${eventId}`,
      text: message,
      at: timestamp,
    }));
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ResourceNotFoundException';
