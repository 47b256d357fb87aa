// The options of `npm run cost`.
import { parseArgs } from 'node:util';
import { closest } from '#lib/item/did-you-mean.ts';
import { isOrdered, ORDERS, QOS } from '#lib/subscription/subscription.ts';
import type { Usage } from './bill.ts';
import { COST_OPTIONS, costUsage, NUMBERS, type NumberName, type NumberRule, TEXTS } from './option-rules.ts';

export type CostOptions = Omit<Usage, 'batch'> & {
  /** What is kept in order under at-least-once and at-most-once. */
  readonly order: (typeof ORDERS)[number];
  /** Deliveries a second. */
  readonly rate: number;
  /** Messages in a batch, for one bill each. */
  readonly batches: readonly number[];
};

type Read =
  | { readonly kind: 'options'; readonly options: CostOptions }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly text: string };

/** Reads the options of the command line. A wrong option is answered with a sentence. */
export function readCostOptions(args: readonly string[]): Read {
  const { values, tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(COST_OPTIONS.map((name) => [name, { type: 'string' as const }])),
      help: { type: 'boolean', short: 'h' },
    },
  });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') return wrong(`The word "${token.value}" belongs to no option.`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') return { kind: 'help', text: costUsage() };
    if (!COST_OPTIONS.includes(token.name)) return wrong(unknown(token));
    if (seen.has(token.name)) return wrong(`The option ${token.rawName} is given twice.`);
    if (token.value === undefined) return wrong(`The option ${token.rawName} needs a value.`);
    seen.add(token.name);
  }
  const numbers = numbersIn(values);
  if (typeof numbers === 'string') return wrong(numbers);
  const qos = chosen(QOS, values.qos ?? TEXTS.qos.usual);
  if (qos === undefined) return wrong(`--qos has to be one of ${QOS.join(', ')}, not "${values.qos}".`);
  const order = chosen(ORDERS, values.order ?? TEXTS.order.usual);
  if (order === undefined)
    return wrong(`--order has to be one of ${ORDERS.join(', ')}, not "${values.order}".`);
  const given = (name: Exclude<NumberName, 'batch' | 'log-bytes'>) =>
    numbers.get(name) ?? NUMBERS[name].usual;
  const batch = numbers.get('batch');
  const options: CostOptions = {
    qos,
    order,
    rate: given('rate'),
    latencyMs: given('latency'),
    subscriptions: given('subscriptions'),
    cap: given('cap'),
    perRequest: given('per-request'),
    bodyBytes: given('body'),
    logBytes: numbers.get('log-bytes'),
    batches: batch === undefined ? [10, 1] : [batch],
  };
  const fault = contradictionIn(options, { hasCap: seen.has('cap'), batch });
  return fault === undefined ? { kind: 'options', options } : wrong(fault);
}

const chosen = <T extends string>(known: readonly T[], value: unknown): T | undefined =>
  known.find((one) => one === value);

function unknown({ name, rawName }: { readonly name: string; readonly rawName: string }): string {
  const meant = closest(name, [...COST_OPTIONS, 'help']);
  return `There is no option ${rawName}.${meant === undefined ? '' : ` Did you mean --${meant}?`}`;
}

/** The numbers that are given; a sentence when one of them is wrong. */
function numbersIn(values: Readonly<Record<string, unknown>>): ReadonlyMap<NumberName, number> | string {
  const numbers = new Map<NumberName, number>();
  for (const [name, rule] of Object.entries(NUMBERS) as [NumberName, NumberRule][]) {
    const text = values[name];
    if (typeof text !== 'string') continue;
    const value = Number(text);
    const isNumber = /^\d+(\.\d+)?$/.test(text) && (!rule.whole || Number.isInteger(value));
    if (!isNumber || value < rule.least || value > rule.most) {
      const kind = rule.whole ? 'a whole number' : 'a number';
      return `--${name} has to be ${kind} from ${rule.least} to ${rule.most}, not "${text}".`;
    }
    numbers.set(name, value);
  }
  return numbers;
}

/** A sentence when the options do not go together; undefined when they do. */
function contradictionIn(
  { qos, order, cap, subscriptions, latencyMs, perRequest, rate }: CostOptions,
  { hasCap, batch }: { readonly hasCap: boolean; readonly batch: number | undefined },
): string | undefined {
  if (order === 'key' && !isOrdered(qos))
    return `--order key goes with --qos at-least-once or at-most-once: ${qos} keeps no order.`;
  const isOneLane = isOrdered(qos) && order === 'subscription';
  if (isOneLane && hasCap)
    return `--cap changes nothing under ${qos}, which makes one request at a time. Add --order key, or leave --cap out.`;
  if (batch !== undefined && perRequest > batch)
    return `--per-request ${perRequest} does not fit into --batch ${batch}: a request has at most the messages of its batch.`;
  const atOnce = isOneLane ? 1 : cap;
  const most = (subscriptions * atOnce * perRequest * 1_000) / latencyMs;
  if (rate <= most) return undefined;
  const requests = perRequest === 1 ? '' : ` of ${perRequest} messages`;
  const load = `${subscriptions} subscriptions with ${atOnce} requests${requests} at once and a latency of ${latencyMs} ms`;
  return `--rate ${rate} is too much: ${load} take ${Number(most.toPrecision(3))} a second, and the rest would wait for ever.`;
}

const wrong = (sentence: string): Read => ({
  kind: 'wrong',
  text: `${sentence} (npm run cost -- --help shows what there is)`,
});
