// The options of `npm run scale`.
import {
  type CalculatorLine,
  type NumberRule,
  optionRows,
  readCalculatorLine,
  wrongOption,
} from '#lib/cost/command-line.ts';
import { NUMBERS, TEXTS } from '#lib/cost/option-rules.ts';
import { parameterList } from '#lib/deployment/parameters.ts';
import { type LaneLayout, laneCountIn, ONE_LANE } from '#lib/message/lane-layout.ts';
import { isOrdered, QOS } from '#lib/subscription/subscription.ts';
import type { ScaleLoad, StageSettings } from './load.ts';
import { QUOTAS } from './quotas.ts';

const LOAD_NUMBERS = {
  subscriptions: { ...NUMBERS.subscriptions, usual: 1_000 },
  rate: { ...NUMBERS.rate, usual: 100, meaning: 'deliveries a second, without those of slow subscriptions' },
  latency: NUMBERS.latency,
  cap: NUMBERS.cap,
  'per-request': NUMBERS['per-request'],
  body: NUMBERS.body,
  'fan-out': {
    ...{ least: 1, most: 1_000_000, whole: true, usual: 1 },
    meaning: 'deliveries of one message, and so the subscriptions of a topic',
  },
  slow: {
    ...{ least: 0, most: 1_000_000, whole: true, usual: 0 },
    meaning: 'slow subscriptions, beside the others',
  },
  'slow-latency': {
    ...{ least: 1, most: 900_000, whole: false, usual: 10_000 },
    meaning: 'how long a slow receiver takes, in milliseconds',
  },
  'slow-rate': {
    ...{ least: 0, most: 100_000, whole: false },
    meaning: 'messages a second of a slow subscription; left out: as many as an ordinary one has',
  },
  tenants: {
    ...{ least: 1, most: 1_000_000, whole: true },
    meaning: 'tenants with equally many subscriptions; left out: each subscription is its own',
  },
  secrets: {
    ...{ least: 0, most: 1_000_000, whole: true },
    meaning: 'secrets that the items name; left out: one for each subscription',
  },
  'account-concurrency': {
    ...{ least: 1, most: 1_000_000, whole: true, usual: 1_000 },
    meaning: "the account's concurrent executions",
  },
} as const satisfies Record<string, NumberRule>;

const SETTINGS = [
  'deliverMaximumConcurrency',
  'routeMaximumConcurrency',
  'slowDrainBudget',
  'memoryMb',
  'secretCacheSeconds',
  'configCacheSeconds',
] as const satisfies readonly (keyof StageSettings)[];
type Setting = (typeof SETTINGS)[number];

/** The parameters of the deployment that the model knows are options too. A wide range: the deployment checks them. */
const SETTING_NUMBERS = (): Readonly<Record<Setting, NumberRule & { readonly usual: number }>> =>
  Object.fromEntries(
    parameterList().flatMap(({ name, default: usual }) =>
      SETTINGS.some((one) => one === name)
        ? [
            [
              name,
              {
                ...{ least: 1, most: 1_000_000, whole: true, usual: Number(usual) },
                meaning: 'the parameter of the deployment',
              },
            ],
          ]
        : [],
    ),
  ) as Readonly<Record<Setting, NumberRule & { readonly usual: number }>>;

const ELSEWHERE = 'elsewhere';
const REGIONS = [...Object.keys(QUOTAS.fifoCalls), ELSEWHERE];
const SCALE_TEXTS = {
  ...TEXTS,
  region: { values: REGIONS, usual: 'us-east-1', meaning: "AWS's region" },
} as const;

/** The names of the options, without their dashes. */
export const scaleOptions = (): readonly string[] => [
  ...Object.keys(SCALE_TEXTS),
  ...Object.keys(LOAD_NUMBERS),
  ...SETTINGS,
];

const line = (): CalculatorLine => ({
  command: 'npm run scale',
  numbers: { ...LOAD_NUMBERS, ...SETTING_NUMBERS() },
  texts: SCALE_TEXTS,
  usage: scaleUsage,
});

const scaleUsage = (): string => `npm run scale -- [options]

Calculates what a load needs of each limit of a stage, what breaks first, how far one stage goes, and when a second one is due.
It is arithmetic with means: it knows no bursts. The default of an option is in brackets.

${optionRows(line())}

OPERATORS.md, "What breaks first", says what is assumed. npm run scale:check compares the model with the local set.`;

export type ScaleOptions = ScaleLoad & {
  readonly order: string;
  readonly region: string;
  readonly settings: StageSettings;
};
type Read =
  | { readonly kind: 'options'; readonly options: ScaleOptions }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly text: string };

/** Reads the options of the command line. A wrong option is answered with a sentence. */
export function readScaleOptions(args: readonly string[]): Read {
  const read = readCalculatorLine(args, line());
  if (read.kind !== 'values') return read;
  const { numbers, texts } = read;
  const given = (name: keyof typeof LOAD_NUMBERS, usual: number): number => numbers.get(name) ?? usual;
  const usual = (
    name:
      | 'rate'
      | 'latency'
      | 'subscriptions'
      | 'cap'
      | 'per-request'
      | 'body'
      | 'fan-out'
      | 'slow'
      | 'slow-latency'
      | 'account-concurrency',
  ) => given(name, LOAD_NUMBERS[name].usual);
  const qos = QOS.find((one) => one === texts.get('qos')) ?? TEXTS.qos.usual;
  const order = texts.get('order') ?? TEXTS.order.usual;
  const region = texts.get('region') ?? SCALE_TEXTS.region.usual;
  const subscriptions = usual('subscriptions');
  const fault = contradictionIn({
    qos,
    order,
    subscriptions,
    fanOut: usual('fan-out'),
    hasCap: numbers.has('cap'),
  });
  if (fault !== undefined) return wrongOption(fault, { command: 'npm run scale' });
  const layout: LaneLayout =
    order === 'key'
      ? { requests: usual('cap'), several: false, byKey: true }
      : isOrdered(qos)
        ? ONE_LANE
        : { requests: usual('cap'), several: true };
  const settings = SETTING_NUMBERS();
  const setting = (name: Setting): number => numbers.get(name) ?? settings[name].usual;
  return {
    kind: 'options',
    options: {
      ...{ subscriptions, qos, order, region },
      rate: usual('rate'),
      latencyMs: usual('latency'),
      inFlight: layout.requests,
      lanes: laneCountIn(layout),
      perRequest: usual('per-request'),
      bodyBytes: usual('body'),
      fanOut: usual('fan-out'),
      slow: usual('slow'),
      slowMs: usual('slow-latency'),
      slowRate: given('slow-rate', usual('rate') / subscriptions),
      tenants: given('tenants', subscriptions + usual('slow')),
      secrets: given('secrets', subscriptions),
      settings: {
        deliverMaximumConcurrency: setting('deliverMaximumConcurrency'),
        routeMaximumConcurrency: setting('routeMaximumConcurrency'),
        slowDrainBudget: setting('slowDrainBudget'),
        memoryMb: setting('memoryMb'),
        secretCacheSeconds: setting('secretCacheSeconds'),
        configCacheSeconds: setting('configCacheSeconds'),
        accountConcurrency: usual('account-concurrency'),
        fifoCalls:
          Object.entries(QUOTAS.fifoCalls).find(([name]) => name === region)?.[1] ??
          QUOTAS.fifoCallsElsewhere,
      },
    },
  };
}

/** A sentence when the options do not go together; undefined when they do. */
function contradictionIn({
  qos,
  order,
  subscriptions,
  fanOut,
  hasCap,
}: {
  readonly qos: (typeof QOS)[number];
  readonly order: string;
  readonly subscriptions: number;
  readonly fanOut: number;
  readonly hasCap: boolean;
}): string | undefined {
  if (order === 'key' && !isOrdered(qos))
    return `--order key goes with --qos at-least-once or at-most-once: ${qos} keeps no order.`;
  if (hasCap && isOrdered(qos) && order === 'subscription')
    return `--cap changes nothing under ${qos}, which makes one request at a time. Add --order key, or leave --cap out.`;
  if (fanOut > subscriptions)
    return `--fan-out ${fanOut} is more than the ${subscriptions} subscriptions: a message has at most one delivery for each.`;
  return undefined;
}
