// Draws the items of subscriptions.
import type { Qos, Settings } from './plan.ts';
import type { Draw } from './random-draw.ts';

/** Rates that a run reaches by itself, and rates for which its clock has to jump. */
const RATES = [
  { requests: 10, perSeconds: 1 },
  { requests: 4, perSeconds: 1 },
  { requests: 2, perSeconds: 60 },
  { requests: 1, perSeconds: 30 },
] as const;

const QOS: readonly Qos[] = [
  'at-least-once',
  'at-least-once',
  'at-least-once',
  'at-most-once',
  'at-most-once',
  'at-most-once',
  'auto',
  'auto',
  'none',
];

/** Draws the settings of a new item. */
export function drawSettings(draw: Draw, filtered: boolean): Settings {
  const { chance, pick, whole } = draw;
  const qos = pick(QOS);
  const dlq = chance(0.45) ? pick(['letters', 'letters', 'letters', 'broken'] as const) : undefined;
  const isGuaranteed = qos.startsWith('at-');
  return {
    qos,
    byKey: isGuaranteed && chance(0.5),
    lanes: whole(1, 5),
    ...(chance(0.3) && {
      batch: {
        format: pick(['json-array', 'cloudevents-batch', 'ndjson']),
        maxMessages: whole(2, 8),
      },
    }),
    filtered,
    ...(dlq && { dlq }),
    ...(chance(0.4) && { retry: drawRetry(draw) }),
    interrupts: dlq === undefined || chance(0.6),
    stops: chance(0.06),
    secret: chance(0.2),
    named: chance(0.2),
    ...(chance(0.5) && { tenant: pick(['acme', 'umbrella']) }),
    ...(chance(0.15) && { rateLimit: pick(RATES) }),
  };
}

/** Draws another item for a subscription, whose quality of service stays. */
export function drawChange(draw: Draw, before: Settings): Settings {
  const { qos: same, filtered } = before;
  const drawn = drawSettings(draw, filtered);
  // Another quality of service ends the promises of the first. That is drawn for itself.
  return { ...drawn, qos: same, byKey: same.startsWith('at-') && draw.chance(0.6) };
}

function drawRetry({ chance, pick, whole }: Draw): Readonly<Record<string, unknown>> {
  if (chance(0.35)) return { retryOption: 'No Retry' };
  const isShort = chance(0.3);
  return {
    retryOption: 'Retry On Fail',
    retryStrategy: pick(['LINEAR', 'EXPONENTIAL']),
    maxAttempts: whole(1, 3),
    initialDelaySeconds: isShort ? 1 : whole(60, 100),
    maxDelaySeconds: isShort ? 1 : 100,
    jitter: chance(0.3),
    statuses: chance(0.5) ? [429, 408] : [],
  };
}
