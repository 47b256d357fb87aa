// What the functions' log lines say about a run: latencies, batch sizes, invocations and their time.

import { setTimeout as wait } from 'node:timers/promises';
import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import type { LambdaUse } from './costs.ts';

export type Spread = {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
};

/** The spread of numbers; undefined without any. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}

const lineSchema = z.looseObject({
  message: z.string().optional(),
  requestId: z.string().optional(),
  durationMs: z.number().optional(),
  status: z.number().optional(),
  outcome: z.string().optional(),
  DeliveryAge: z.union([z.number(), z.array(z.number())]).optional(),
});

export type FunctionLog = {
  readonly ages: readonly number[];
  readonly durations: readonly number[];
  /** Attempts, or routed messages, of each invocation. */
  readonly batches: readonly number[];
  readonly outcomes: Readonly<Record<string, number>>;
  readonly use: LambdaUse;
};

const COUNTED = new Set(['delivery.attempted', 'message.routed']);
const REPORT = /^REPORT RequestId: .*Billed Duration: (\d+) ms\s+Memory Size: (\d+) MB/;

/** Reads what a function's lines say. */
export function readLines(lines: readonly string[]): FunctionLog {
  const ages: number[] = [];
  const durations: number[] = [];
  const perInvocation = new Map<string, number>();
  const outcomes: Record<string, number> = {};
  const use = { invocations: 0, gbSeconds: 0 };
  for (const line of lines) {
    const report = REPORT.exec(line);
    if (report !== null) {
      use.invocations += 1;
      use.gbSeconds += (Number(report[1]) / 1_000) * (Number(report[2]) / 1_024);
    }
    const parsed = line.startsWith('{') ? lineSchema.safeParse(jsonOf(line)) : undefined;
    if (parsed?.success !== true) continue;
    const { message, requestId, durationMs, outcome, DeliveryAge } = parsed.data;
    if (DeliveryAge !== undefined) ages.push(...[DeliveryAge].flat());
    if (message === undefined || !COUNTED.has(message)) continue;
    if (durationMs !== undefined) durations.push(durationMs);
    if (outcome !== undefined) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (requestId !== undefined) perInvocation.set(requestId, (perInvocation.get(requestId) ?? 0) + 1);
  }
  return { ages, durations, batches: [...perInvocation.values()], outcomes, use };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

type Asked = { readonly logGroupName: string; readonly since: number };

/** All lines of a log group since a time, page by page. */
export async function linesOf(
  { logGroupName, since }: Asked,
  logs: CloudWatchLogsClient,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let nextToken: string | undefined; ; ) {
    const page = await logs.send(
      new FilterLogEventsCommand({
        logGroupName,
        startTime: since,
        ...(nextToken !== undefined && { nextToken }),
      }),
    );
    lines.push(...(page.events ?? []).map(({ message = '' }) => message.trim()));
    nextToken = page.nextToken;
    if (nextToken === undefined) return lines;
  }
}

const LATEST_MS = 120_000;
const EVERY_MS = 3_000;

/** Waits until `deliver` has logged so many attempts: CloudWatch shows a line seconds after it was written. */
export async function untilLogged(asked: Asked, attempts: number, logs: CloudWatchLogsClient): Promise<void> {
  const ends = Date.now() + LATEST_MS;
  while (Date.now() < ends) {
    const { durations } = readLines(await linesOf(asked, logs));
    if (durations.length >= attempts) return;
    await wait(EVERY_MS);
  }
}
