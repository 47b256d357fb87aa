// The options of `npm run cost`.
import { isOrdered, ORDERS, QOS } from '#lib/subscription/subscription.ts';
import type { Usage } from './bill.ts';
import { type CalculatorLine, readCalculatorLine, wrongOption } from './command-line.ts';
import { costUsage, NUMBERS, type NumberName, TEXTS } from './option-rules.ts';

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

const LINE: CalculatorLine = { command: 'npm run cost', numbers: NUMBERS, texts: TEXTS, usage: costUsage };

/** Reads the options of the command line. A wrong option is answered with a sentence. */
export function readCostOptions(args: readonly string[]): Read {
  const read = readCalculatorLine(args, LINE);
  if (read.kind !== 'values') return read;
  const { numbers, texts } = read;
  const given = (name: Exclude<NumberName, 'batch' | 'log-bytes'>) =>
    numbers.get(name) ?? NUMBERS[name].usual;
  const batch = numbers.get('batch');
  const options: CostOptions = {
    qos: chosen(QOS, texts.get('qos')) ?? TEXTS.qos.usual,
    order: chosen(ORDERS, texts.get('order')) ?? TEXTS.order.usual,
    rate: given('rate'),
    latencyMs: given('latency'),
    subscriptions: given('subscriptions'),
    cap: given('cap'),
    perRequest: given('per-request'),
    bodyBytes: given('body'),
    logBytes: numbers.get('log-bytes'),
    batches: batch === undefined ? [10, 1] : [batch],
  };
  const fault = contradictionIn(options, { hasCap: numbers.has('cap'), batch });
  return fault === undefined ? { kind: 'options', options } : wrongOption(fault, LINE);
}

const chosen = <T extends string>(known: readonly T[], value: unknown): T | undefined =>
  known.find((one) => one === value);

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
