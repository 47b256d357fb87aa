// The options of `npm run faults`.
import { parseArgs } from 'node:util';

export type Options = {
  /** The seeds to run, from `from` on; `to` is the last one, undefined: until the time is over. */
  readonly from: number;
  readonly to: number | undefined;
  /** No seed is started after this time. */
  readonly forMs: number;
  readonly workers: number;
  readonly mutations: string | undefined;
  /** Print the plan of the seed, and run nothing. */
  readonly plan: boolean;
  readonly report: string | undefined;
};

export const HELP = `npm run faults -- [options]

Runs seeds: real processes, real sockets, faults of every kind, and a ledger of every message.

  --seed N            this seed alone
  --seeds A-B         these seeds
  --minutes N         start no seed after this time (default 2; none with --seed and --seeds)
  --hours N           the same in hours
  --workers N         processes that run seeds at the same time (default 2)
  --plan              print what the seed means, and run nothing
  --report FILE       write the results as JSON, one line for each seed
  --mutations [WORD]  break the product in each way of test/faults/mutations.ts, and see that seeds find it

The requests and the log lines of a seed that breaks a promise are in .build/faults/seed-N.log.

Exit codes: 0 every promise was kept, 1 one was not, 2 the options are invalid.`;

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
      workers: { type: 'string', default: '2' },
      plan: { type: 'boolean', default: false },
      mutations: { type: 'boolean', default: false },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const [word = '', ...more] = positionals;
  if (more.length > 0 || (word !== '' && !values.mutations))
    throw new RangeError(`unknown: ${positionals.join(' ')}`);
  if (values.seed !== undefined && values.seeds !== undefined)
    throw new RangeError('--seed and --seeds exclude each other');
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(values.seeds ?? values.seed ?? '1') ?? [];
  if (first === undefined || (values.seed !== undefined && last !== undefined))
    throw new RangeError('--seed is a whole number, --seeds is A-B');
  const from = Number(first);
  const isEndless = values.seed === undefined && values.seeds === undefined;
  const to = isEndless ? undefined : Number(last ?? first);
  if (to !== undefined && to < from) throw new RangeError('--seeds is A-B, and B is not less than A');
  const minutes = values.minutes === undefined ? undefined : positive('--minutes', values.minutes);
  const hours = values.hours === undefined ? undefined : positive('--hours', values.hours);
  const asked = (minutes ?? 0) + 60 * (hours ?? 0);
  return {
    from,
    to,
    forMs: asked > 0 ? asked * 60_000 : isEndless ? 2 * 60_000 : Number.POSITIVE_INFINITY,
    workers: Math.ceil(positive('--workers', values.workers)),
    mutations: values.mutations ? word : undefined,
    plan: values.plan,
    report: values.report,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new RangeError(`${name} must be a number above 0, and is ${text}`);
}
