// The options of `npm run cost`.
import { parseArgs } from 'node:util';
import { HTTP_DEFAULTS, LARGEST_MAX_CONCURRENT_CONNECTIONS } from '#lib/subscription/http-schema.ts';
import { isOrdered, QOS } from '#lib/subscription/subscription.ts';
import type { Usage } from './bill.ts';

export type CostOptions = Omit<Usage, 'batch'> & {
  /** Deliveries a second. */
  readonly rate: number;
  /** Messages in a batch, for one bill each. */
  readonly batches: readonly number[];
};

type Read =
  | { readonly ok: true; readonly options: CostOptions }
  | { readonly ok: false; readonly message: string };

type NumberRule = {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  readonly usual?: number;
};

const NUMBERS = {
  rate: { least: 0.000_001, most: 1_000_000, whole: false, usual: 10 },
  latency: { least: 1, most: 900_000, whole: false, usual: 200 },
  subscriptions: { least: 1, most: 1_000_000, whole: true, usual: 10 },
  cap: {
    least: 1,
    most: LARGEST_MAX_CONCURRENT_CONNECTIONS,
    whole: true,
    usual: HTTP_DEFAULTS.maxConcurrentConnections,
  },
  batch: { least: 1, most: 10, whole: true },
  body: { least: 0, most: 900_000, whole: true, usual: 1_024 },
  'log-bytes': { least: 0, most: 1_000_000, whole: true },
} as const satisfies Record<string, NumberRule>;
type Name = keyof typeof NUMBERS;

const KNOWN = ['qos', ...Object.keys(NUMBERS)].map((name) => `--${name}`);

/** Reads the options of the command line. A wrong option is answered with a sentence. */
export function readCostOptions(args: readonly string[]): Read {
  const { values, tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(['qos', ...Object.keys(NUMBERS)].map((name) => [name, { type: 'string' }])),
  });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') return wrong(`The word "${token.value}" belongs to no option.`);
    if (token.kind !== 'option') continue;
    if (!KNOWN.includes(`--${token.name}`)) return wrong(`There is no option ${token.rawName}.`);
    if (seen.has(token.name)) return wrong(`The option ${token.rawName} is given twice.`);
    if (token.value === undefined) return wrong(`The option ${token.rawName} needs a value.`);
    seen.add(token.name);
  }
  const numbers = new Map<Name, number>();
  for (const [name, rule] of Object.entries(NUMBERS) as [Name, NumberRule][]) {
    const text = values[name];
    if (typeof text !== 'string') continue;
    const value = Number(text);
    const isNumber = /^\d+(\.\d+)?$/.test(text) && (!rule.whole || Number.isInteger(value));
    if (!isNumber || value < rule.least || value > rule.most) {
      const kind = rule.whole ? 'a whole number' : 'a number';
      return wrong(`--${name} has to be ${kind} from ${rule.least} to ${rule.most}, not "${text}".`);
    }
    numbers.set(name, value);
  }
  const qos = QOS.find((one) => one === (values.qos ?? 'at-least-once'));
  if (qos === undefined) return wrong(`--qos has to be one of ${QOS.join(', ')}, not "${values.qos}".`);
  const given = (name: Exclude<Name, 'batch' | 'log-bytes'>) => numbers.get(name) ?? NUMBERS[name].usual;
  const batch = numbers.get('batch');
  // Ordered by subscription, one request at a time is under way, unless somebody asks for more: by key there may be.
  const atOnce = isOrdered(qos) ? (numbers.get('cap') ?? 1) : given('cap');
  const most = (given('subscriptions') * atOnce * 1_000) / given('latency');
  if (given('rate') > most) {
    const load = `${given('subscriptions')} subscriptions with ${atOnce} requests at once and a latency of ${given('latency')} ms`;
    return wrong(
      `--rate ${given('rate')} is too much: ${load} take ${Number(most.toPrecision(3))} a second, and the rest would wait for ever.`,
    );
  }
  return {
    ok: true,
    options: {
      qos,
      rate: given('rate'),
      latencyMs: given('latency'),
      subscriptions: given('subscriptions'),
      cap: given('cap'),
      bodyBytes: given('body'),
      logBytes: numbers.get('log-bytes'),
      batches: batch === undefined ? [10, 1] : [batch],
    },
  };
}

const wrong = (sentence: string): Read => ({
  ok: false,
  message: `${sentence} Options: ${KNOWN.join(', ')}.`,
});
