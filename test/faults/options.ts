// The options of `npm run faults`.
import { parseArgs } from 'node:util';
import { KILL_PLACES, type Kill } from './jobs.ts';

export type Options = {
  /** The seeds to run, from `from` on; `to` is the last one, undefined: until the time is over. */
  readonly from: number;
  readonly to: number | undefined;
  /** No seed is started after this time. */
  readonly forMs: number;
  readonly workers: number;
  /** Kill a function at each place of the seeds' plans in turn. */
  readonly eachCall: boolean;
  /** Kill a function at this place of the seed's plan. */
  readonly kill: Kill | undefined;
  /** With a real Kafka broker, which is killed too. */
  readonly kafka: boolean;
  readonly mutations: string | undefined;
  /** Print the plan of the seed, and run nothing. */
  readonly plan: boolean;
  readonly report: string | undefined;
  /** The file for the lines of the ledger. */
  readonly ledger: string | undefined;
};

export const HELP = `npm run faults -- [options]

Runs seeds: real processes, real sockets, faults of every kind, and a ledger of every message.

  --seed N            this seed alone
  --seeds A-B         these seeds
  --minutes N         start no seed after this time (default 2; none with --seed and --seeds)
  --hours N           the same in hours
  --workers N         processes that run seeds at the same time (default 2)
  --each-call         kill a function before its first call to AWS, after it, and in its first request; then at its
                      second, and so on through the plan of the seed (default 1), without its other kills, freezes,
                      redeploys, and faults of clocks and calls. It takes many minutes for a seed
  --kill PLACE:N      one of these runs again, with --seed: before-call:N, after-call:N or in-request:N
  --kafka             dead letters go to a real Kafka broker, which is killed and frozen (Java and Maven)
  --plan              print what the seed (--seed, default 1) means, and run nothing
  --report FILE       write the results as JSON, one line for each seed, and print how often each fault was met
  --ledger FILE       write the ledger of each seed as JSON, one line for each message of a subscription, with its place,
                      and one for each request
  --mutations [WORD]  break the product in each way of test/faults/mutations.ts, and see that seeds find it (--seeds:
                      other seeds than the mutation's, or other numbers of runs)

The requests and the log lines of a seed that breaks a promise are in .build/faults/seed-N.log.

Exit codes: 0 every promise was kept, 1 one was not, or planned faults were never met, 2 the options are invalid.`;

/** Parses the command line. Throws with a sentence for options that are invalid. */
export function parseOptions(argv: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      minutes: { type: 'string' },
      hours: { type: 'string' },
      workers: { type: 'string' },
      plan: { type: 'boolean', default: false },
      mutations: { type: 'boolean', default: false },
      'each-call': { type: 'boolean', default: false },
      kill: { type: 'string' },
      kafka: { type: 'boolean', default: false },
      report: { type: 'string' },
      ledger: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const [word = '', ...more] = positionals;
  if (more.length > 0 || (word !== '' && !values.mutations))
    throw new RangeError(`unknown: ${positionals.join(' ')}`);
  refuseTogether(values);
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(values.seeds ?? values.seed ?? '1') ?? [];
  if (first === undefined || (values.seed !== undefined && last !== undefined))
    throw new RangeError('--seed is a whole number, --seeds is A-B');
  const from = Number(first);
  const isEndless = values.seed === undefined && values.seeds === undefined && !values['each-call'];
  const to = isEndless ? undefined : Number(last ?? first);
  if (to !== undefined && to < from) throw new RangeError('--seeds is A-B, and B is not less than A');
  const minutes = values.minutes === undefined ? undefined : positive('--minutes', values.minutes);
  const hours = values.hours === undefined ? undefined : positive('--hours', values.hours);
  const asked = (minutes ?? 0) + 60 * (hours ?? 0);
  return {
    from,
    to,
    forMs: asked > 0 ? asked * 60_000 : isEndless ? 2 * 60_000 : Number.POSITIVE_INFINITY,
    workers: Math.ceil(positive('--workers', values.workers ?? '2')),
    eachCall: values['each-call'],
    kill: values.kill === undefined ? undefined : killOf(values.kill),
    kafka: values.kafka,
    mutations: values.mutations ? word : undefined,
    plan: values.plan,
    report: values.report,
    ledger: values.ledger,
  };
}

type Chosen = Readonly<Record<string, string | boolean | undefined>>;

/** Options that would have no effect together. */
const NOT_TOGETHER: readonly (readonly [option: string, ...others: readonly string[]])[] = [
  ['seed', 'seeds'],
  ['kill', 'each-call'],
  ['mutations', 'minutes', 'hours', 'report', 'ledger', 'kafka', 'each-call', 'kill'],
  ['plan', 'seeds', 'minutes', 'hours', 'workers', 'report', 'ledger', 'each-call', 'mutations'],
];

function refuseTogether(chosen: Chosen): void {
  const isThere = (name: string) => chosen[name] !== undefined && chosen[name] !== false;
  for (const [option, ...others] of NOT_TOGETHER) {
    const other = others.find(isThere);
    if (isThere(option) && other !== undefined)
      throw new RangeError(`--${option} and --${other} exclude each other`);
  }
  if (isThere('kill') && !isThere('seed')) throw new RangeError('--kill needs --seed');
}

function killOf(text: string): Kill {
  const [, name, number] = /^([a-z-]+):([1-9]\d*)$/.exec(text) ?? [];
  const place = KILL_PLACES.find((one) => one === name);
  if (place === undefined) throw new RangeError(`--kill is ${KILL_PLACES.join(':N, ')}:N, and is ${text}`);
  return { place, n: Number(number) };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new RangeError(`${name} must be a number above 0, and is ${text}`);
}
