// The report of a run, as a value for a file and as text. It holds no account, no host name and no credentials, so it can be
// sent to us as it is.
import { type Cost, totalOf, usdText } from './costs.ts';
import type { Spread } from './logs.ts';

export type Seen = {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** What was seen, or the error. */
  readonly detail: string;
};

export type RunReport = {
  readonly version: string;
  readonly node: string;
  readonly region: string;
  readonly emulated: boolean;
  readonly receiver: string;
  readonly startedAt: string;
  readonly deploySeconds: number | undefined;
  /** Why the run ended before its end. */
  readonly failures: readonly string[];
  readonly scenarios: readonly Seen[];
  /** Milliseconds. Undefined: no log line said it. */
  readonly latencies: {
    readonly publishedToDelivered: Spread | undefined;
    readonly attempt: Spread | undefined;
  };
  /** Messages of an invocation, by function. */
  readonly batchSizes: Readonly<Record<string, Spread | undefined>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly calls: {
    /** Calls of this program, by service. */
    readonly ours: Readonly<Record<string, number>>;
    /** Invocations and GB-seconds as Lambda reported them, by function. */
    readonly functions: Readonly<
      Record<string, { readonly invocations: number; readonly gbSeconds: number }>
    >;
  };
  readonly cost: { readonly estimate: readonly Cost[]; readonly functionsUsd: number };
  /** What `webhooks doctor` found on the stage. Undefined: it could not look. */
  readonly doctor:
    | { readonly findings: readonly unknown[]; readonly notLookedAt: readonly unknown[] }
    | undefined;
  /** What is left in the account; empty when everything is removed. */
  readonly left: readonly string[];
};

const spreadText = (spread: Spread | undefined, unit: string): string =>
  spread === undefined
    ? 'no log line says it'
    : `p50 ${Math.round(spread.p50)}${unit}, p99 ${Math.round(spread.p99)}${unit}, most ${Math.round(spread.max)}${unit}, of ${spread.count}`;

/** The report as text. */
export function reportText(report: RunReport): string {
  const { scenarios, latencies, batchSizes, calls, cost, doctor, left } = report;
  const good = scenarios.filter(({ ok }) => ok).length;
  return [
    `sqs-webhooks ${report.version} in ${report.region}${report.emulated ? ' (an emulated AWS)' : ''}, ${report.startedAt}`,
    `Receiver: ${report.receiver}. Deployed in ${report.deploySeconds?.toFixed(0) ?? '-'} s.`,
    ...report.failures.map((failure) => `FAILED: ${failure}`),
    '',
    ...scenarios.map(
      ({ name, ok, seconds, detail }) =>
        `${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s): ${detail}`,
    ),
    `${good} of ${scenarios.length} as they should be.`,
    '',
    `From publishing to the 2xx: ${spreadText(latencies.publishedToDelivered, ' ms')}`,
    `One attempt: ${spreadText(latencies.attempt, ' ms')}`,
    ...Object.entries(batchSizes).map(([name, spread]) => `Batch of ${name}: ${spreadText(spread, '')}`),
    `Outcomes: ${textOf(report.outcomes)}`,
    `Calls of this program: ${textOf(calls.ours)}`,
    ...Object.entries(calls.functions).map(
      ([name, { invocations, gbSeconds }]) =>
        `${name}: ${invocations} invocations, ${gbSeconds.toFixed(2)} GB-seconds`,
    ),
    `Cost: functions ${usdText(cost.functionsUsd)} as reported; everything together estimated at ${usdText(totalOf(cost.estimate))}`,
    `Doctor: ${doctor === undefined ? 'could not look' : `${doctor.findings.length} findings, ${doctor.notLookedAt.length} things not looked at`}`,
    left.length === 0
      ? 'Everything is removed. Metrics and events that CloudWatch has got stay for 15 months; they cost nothing more.'
      : `NOT REMOVED: ${left.join(', ')}`,
  ].join('\n');
}

const textOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

/** A text without account numbers and without the host names of functions' URLs. */
export const withoutAccount = (text: string): string =>
  text
    .replace(/\b\d{12}\b/g, '000000000000')
    .replace(/\b[a-z0-9]{20,}\.lambda-url\./g, 'receiver.lambda-url.');
