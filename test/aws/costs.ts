// What a run of test:aws costs: an estimate before it begins, and what it took afterwards. List prices of us-east-1 in USD,
// without the free tier. OPERATORS.md has the same prices.

const PRICES = {
  million: { lambdaInvocations: 0.2, sqsRequests: 0.5, readUnits: 0.125, writeUnits: 0.625 },
  gbSecond: 0.0000133334,
  logGigabyte: 0.5,
  alarmMonth: 0.1,
  metricMonth: 0.3,
  secretMonth: 0.4,
} as const;

const HOURS_IN_MONTH = 730;
/** Roughly, for each delivery, with those of the receiver, of polling and of this program. */
const EACH = {
  lambdaInvocations: 2,
  sqsRequests: 6,
  readUnits: 6,
  writeUnits: 5,
  gbSeconds: 0.3,
  logBytes: 2_000,
};
/** Alarms, metrics and secrets of a stage are billed by the hour. */
const STANDING = { alarms: 25, metrics: 30, secrets: 1 };

export type Cost = { readonly what: string; readonly usd: number };

/** The estimate, line by line. */
export function estimatedCost({ deliveries }: { readonly deliveries: number }): readonly Cost[] {
  const millions = deliveries / 1_000_000;
  const requests =
    EACH.lambdaInvocations * PRICES.million.lambdaInvocations +
    EACH.sqsRequests * PRICES.million.sqsRequests +
    EACH.readUnits * PRICES.million.readUnits +
    EACH.writeUnits * PRICES.million.writeUnits;
  const standing =
    (STANDING.alarms * PRICES.alarmMonth +
      STANDING.metrics * PRICES.metricMonth +
      STANDING.secrets * PRICES.secretMonth) /
    HOURS_IN_MONTH;
  return [
    { what: `requests to Lambda, SQS and DynamoDB for ${deliveries} deliveries`, usd: requests * millions },
    { what: 'time of the functions', usd: deliveries * EACH.gbSeconds * PRICES.gbSecond },
    { what: 'log lines', usd: ((deliveries * EACH.logBytes) / 1e9) * PRICES.logGigabyte },
    { what: 'alarms, metrics and a secret for an hour', usd: standing },
  ];
}

export type LambdaUse = { readonly invocations: number; readonly gbSeconds: number };

/** What the functions and the calls of this program cost. Calls of the functions are in the estimate only. */
export function lambdaCost(uses: Readonly<Record<string, LambdaUse>>): number {
  return Object.values(uses).reduce(
    (sum, { invocations, gbSeconds }) =>
      sum + (invocations / 1_000_000) * PRICES.million.lambdaInvocations + gbSeconds * PRICES.gbSecond,
    0,
  );
}

/** The sum of the lines. */
export const totalOf = (costs: readonly Cost[]): number => costs.reduce((sum, { usd }) => sum + usd, 0);

/** As text: `0.0123 USD`. */
export const usdText = (usd: number): string => `${usd.toFixed(4)} USD`;
