// The options of `npm run scale`: their values, defaults and meanings.
import { type CalculatorLine, type NumberRule, optionRows } from '#lib/cost/command-line.ts';
import { NUMBERS, TEXTS } from '#lib/cost/option-rules.ts';
import { parameterList } from '#lib/deployment/parameters.ts';
import type { StageSettings } from './load.ts';
import { QUOTAS } from './quotas.ts';

export const LOAD_NUMBERS = {
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
type SettingNumbers = Readonly<Record<(typeof SETTINGS)[number], NumberRule & { readonly usual: number }>>;

/** The parameters of the deployment that the model knows are options too. A wide range: the deployment checks them. */
export const SETTING_NUMBERS = Object.fromEntries(
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
) as SettingNumbers;

export const SCALE_TEXTS = {
  ...TEXTS,
  region: {
    values: [...Object.keys(QUOTAS.fifoCalls), 'elsewhere'],
    usual: 'us-east-1',
    meaning: "AWS's region",
  },
} as const;

const RULES = { numbers: { ...LOAD_NUMBERS, ...SETTING_NUMBERS }, texts: SCALE_TEXTS };

/** The names of the options, without their dashes. */
export const SCALE_OPTIONS: readonly string[] = Object.values(RULES).flatMap(Object.keys);

const scaleUsage = (): string => `npm run scale -- [options]

Calculates what a load needs of each limit of a stage, what breaks first, how far one stage goes, and when a second one is due.
It calculates with means, and simulates route, deliver and their queues, and counts the units of DynamoDB. The default of an option is in brackets.

${optionRows(RULES)}

OPERATORS.md, "What breaks first", says what is assumed. npm run scale:check compares the model with the local set.`;

/** The command line of `npm run scale`. */
export const SCALE_LINE: CalculatorLine = { command: 'npm run scale', ...RULES, usage: scaleUsage };
