// What workers are asked to run: a seed, or a seed's plan in which a function is killed at one place. `--each-call` goes through
// these places in turn.
import { drawPlan } from './draw.ts';
import { ANY_CALL, type CallFault, type Event, type Plan } from './plan.ts';

/**
 * Where functions are killed: the caller before or after the n-th call to AWS was done, or all environments of `deliver` when
 * the n-th request has arrived.
 */
export const KILL_PLACES = ['before-call', 'after-call', 'in-request'] as const;
export type Kill = { readonly place: (typeof KILL_PLACES)[number]; readonly n: number };

export type Job = {
  readonly seed: number;
  readonly kill?: Kill;
  /** Faults of calls that the plan has besides its own. */
  readonly calls?: readonly CallFault[];
  /** The plan, in the place of the seed's. */
  readonly plan?: Plan;
};

/** The options that run a job again. */
export const nameOf = ({ seed, kill }: Job): string =>
  kill === undefined ? `${seed}` : `${seed} --kill ${kill.place}:${kill.n}`;

/** The plan of a job. `broker`: the stage has a Kafka broker. */
export function planOf({ seed, kill, calls = [], plan: given }: Job, broker: boolean): Plan {
  const drawn = given ?? drawPlan(seed, { broker });
  const plan = { ...drawn, calls: [...drawn.calls, ...calls] };
  return kill === undefined ? plan : killedOnce(plan, kill);
}

/** Events that end or stop processes themselves, or their time. */
const OF_PROCESSES: ReadonlySet<Event['do']> = new Set([
  'kill',
  'freeze',
  'out-of-memory',
  'redeploy',
  'jump',
  'age',
  'skew',
]);

/**
 * The plan of a seed with one kill of a function alone. Receivers, names, secrets, endpoints and items do what they do in the
 * plan, so the calls that they cause are killed too: moves of lanes, pauses, drains. No call to AWS fails.
 */
function killedOnce(plan: Plan, { place, n }: Kill): Plan {
  const fault: Omit<CallFault, 'kind'> = { operation: ANY_CALL, from: n, times: 1, pollers: false };
  const { awsIdleMs: _, ...calm } = plan;
  return {
    ...calm,
    events: plan.events.filter((event) => !OF_PROCESSES.has(event.do)),
    // A redrive has faults of its own.
    ...(plan.redrive !== undefined && { redrive: 'nothing' as const }),
    calls:
      place === 'in-request'
        ? []
        : [{ ...fault, kind: place === 'before-call' ? 'kill-before' : 'kill-after' }],
  };
}

/** The seeds in turn, each with the same further parts; without `to` there is no end. */
export function* seedsFrom(
  from: number,
  to = Number.POSITIVE_INFINITY,
  more: Pick<Job, 'calls' | 'plan'> = {},
): Generator<Job> {
  for (let seed = from; seed <= to; seed++) yield { seed, ...more };
}

export type EachCall = {
  readonly jobs: Iterator<Job>;
  /** `isMet`: the job killed a function. A place ends after three numbers in a row that killed none. */
  heard(job: Job, isMet: boolean): void;
};

/** One alone may have come to a function that had just ended, or to a run that crashed. */
const MISSES = 3;

/** Kills a function at each place in turn: at the first call, the second, and so on until three runs in a row have none. */
export function createEachCall(from: number, to: number, more: Pick<Job, 'plan'> = {}): EachCall {
  let open = new Set<string>(KILL_PLACES);
  const misses = new Map<string, number>();
  let current = from;

  function* all(): Generator<Job> {
    for (let seed = from; seed <= to; seed++) {
      current = seed;
      open = new Set(KILL_PLACES);
      misses.clear();
      for (let n = 1; open.size > 0; n++)
        for (const place of KILL_PLACES) if (open.has(place)) yield { seed, ...more, kill: { place, n } };
    }
  }

  return {
    jobs: all(),
    heard({ seed, kill }, isMet) {
      // A worker may answer for a seed after the others have gone on to the next one.
      if (kill === undefined || seed !== current) return;
      const count = isMet ? 0 : (misses.get(kill.place) ?? 0) + 1;
      misses.set(kill.place, count);
      if (count === MISSES) open.delete(kill.place);
    },
  };
}
