// The options of `npm run scale`.
import { type ReadOptions, readCalculatorLine, wrongOption } from '#lib/cost/command-line.ts';
import { faultOfOrdering, orderingIn } from '#lib/cost/option-rules.ts';
import { laneCountIn } from '#lib/message/lane-layout.ts';
import { lanesIn } from '#lib/subscription/lanes.ts';
import type { Order } from '#lib/subscription/subscription.ts';
import type { ScaleLoad, StageSettings } from './load.ts';
import { LOAD_NUMBERS, SCALE_LINE, SCALE_TEXTS, SETTING_NUMBERS } from './option-rules.ts';
import { QUOTAS } from './quotas.ts';

export type ScaleOptions = ScaleLoad & {
  readonly order: Order;
  readonly region: string;
  readonly settings: StageSettings;
};
/** The numbers whose defaults follow from other options. */
type Following = 'slow-rate' | 'tenants' | 'secrets';

/** Reads the options of the command line. A wrong option is answered with a sentence. */
export function readScaleOptions(args: readonly string[]): ReadOptions<ScaleOptions> {
  const read = readCalculatorLine(args, SCALE_LINE);
  if (read.kind !== 'values') return read;
  const { numbers, texts } = read;
  const given = (name: Exclude<keyof typeof LOAD_NUMBERS, Following>): number =>
    numbers.get(name) ?? LOAD_NUMBERS[name].usual;
  const setting = (name: keyof typeof SETTING_NUMBERS): number =>
    numbers.get(name) ?? SETTING_NUMBERS[name].usual;
  const { qos, order } = orderingIn(texts);
  const region = texts.get('region') ?? SCALE_TEXTS.region.usual;
  const [subscriptions, fanOut] = [given('subscriptions'), given('fan-out')];
  const fault =
    faultOfOrdering({ qos, order }, { hasCap: numbers.has('cap') }) ?? faultOfFanOut(fanOut, subscriptions);
  if (fault !== undefined) return wrongOption(fault, SCALE_LINE);
  const layout = lanesIn({ qos, order, configuration: { maxConcurrentConnections: given('cap') } });
  return {
    kind: 'options',
    options: {
      ...{ subscriptions, fanOut, qos, order, region },
      rate: given('rate'),
      latencyMs: given('latency'),
      inFlight: layout.requests,
      lanes: laneCountIn(layout),
      perRequest: given('per-request'),
      bodyBytes: given('body'),
      slow: given('slow'),
      slowMs: given('slow-latency'),
      slowRate: numbers.get('slow-rate') ?? given('rate') / subscriptions,
      tenants: numbers.get('tenants') ?? subscriptions + given('slow'),
      secrets: numbers.get('secrets') ?? subscriptions,
      settings: {
        deliverMaximumConcurrency: setting('deliverMaximumConcurrency'),
        routeMaximumConcurrency: setting('routeMaximumConcurrency'),
        slowDrainBudget: setting('slowDrainBudget'),
        memoryMb: setting('memoryMb'),
        secretCacheSeconds: setting('secretCacheSeconds'),
        configCacheSeconds: setting('configCacheSeconds'),
        accountConcurrency: given('account-concurrency'),
        fifoCalls:
          Object.entries(QUOTAS.fifoCalls).find(([name]) => name === region)?.[1] ??
          QUOTAS.fifoCallsElsewhere,
      },
    },
  };
}

/** A sentence when a message has more deliveries than there are subscriptions. */
const faultOfFanOut = (fanOut: number, subscriptions: number): string | undefined =>
  fanOut > subscriptions
    ? `--fan-out ${fanOut} is more than the ${subscriptions} subscriptions: a message has at most one delivery for each.`
    : undefined;
