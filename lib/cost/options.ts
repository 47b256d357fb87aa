// The options of `npm run cost`.
import { isOrdered, type Order } from '#lib/subscription/subscription.ts';
import type { Usage } from './bill.ts';
import { type CalculatorLine, type ReadOptions, readCalculatorLine, wrongOption } from './command-line.ts';
import { costUsage, faultOfOrdering, NUMBERS, type NumberName, orderingIn, TEXTS } from './option-rules.ts';

export type CostOptions = Omit<Usage, 'batch'> & {
  /** What is kept in order under at-least-once and at-most-once. */
  readonly order: Order;
  /** Deliveries a second. */
  readonly rate: number;
  /** Messages in a batch, for one bill each. */
  readonly batches: readonly number[];
};

const LINE: CalculatorLine = { command: 'npm run cost', numbers: NUMBERS, texts: TEXTS, usage: costUsage };

/** Reads the options of the command line. A wrong option is answered with a sentence. */
export function readCostOptions(args: readonly string[]): ReadOptions<CostOptions> {
  const read = readCalculatorLine(args, LINE);
  if (read.kind !== 'values') return read;
  const { numbers, texts } = read;
  const given = (name: Exclude<NumberName, 'batch' | 'log-bytes'>) =>
    numbers.get(name) ?? NUMBERS[name].usual;
  const batch = numbers.get('batch');
  const options: CostOptions = {
    ...orderingIn(texts),
    rate: given('rate'),
    latencyMs: given('latency'),
    subscriptions: given('subscriptions'),
    cap: given('cap'),
    perRequest: given('per-request'),
    bodyBytes: given('body'),
    logBytes: numbers.get('log-bytes'),
    batches: batch === undefined ? [10, 1] : [batch],
  };
  const fault = faultOfOrdering(options, { hasCap: numbers.has('cap') }) ?? contradictionIn(options, batch);
  return fault === undefined ? { kind: 'options', options } : wrongOption(fault, LINE);
}

/** A sentence when the load does not fit into the batch or the lanes; undefined when it does. */
function contradictionIn(
  { qos, order, cap, subscriptions, latencyMs, perRequest, rate }: CostOptions,
  batch: number | undefined,
): string | undefined {
  if (batch !== undefined && perRequest > batch)
    return `--per-request ${perRequest} does not fit into --batch ${batch}: a request has at most the messages of its batch.`;
  const atOnce = isOrdered(qos) && order === 'subscription' ? 1 : cap;
  const most = (subscriptions * atOnce * perRequest * 1_000) / latencyMs;
  if (rate <= most) return undefined;
  const requests = perRequest === 1 ? '' : ` of ${perRequest} messages`;
  const load = `${subscriptions} subscriptions with ${atOnce} requests${requests} at once and a latency of ${latencyMs} ms`;
  return `--rate ${rate} is too much: ${load} take ${Number(most.toPrecision(3))} a second, and the rest would wait for ever.`;
}
