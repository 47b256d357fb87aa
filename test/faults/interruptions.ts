// What may let a message be worked on a second time: an invocation that failed, and a call to AWS with a fault.
import type { Plan } from './plan.ts';
import type { Stage } from './stage.ts';

export type Deaths = {
  /** Invocations that failed since the beginning: killed, out of memory or out of time. */
  count(): number;
  end(): void;
};

export function createDeaths({ set }: Pick<Stage, 'set'>): Deaths {
  let count = 0;
  const end = set.functions.onInvocation(({ result }) => {
    if (!result.ok) count += 1;
  });
  return { count: () => count, end };
}

const READS = ['GetItem', 'BatchGetItem', 'Query', 'GetSecretValue'];
/** A call of these faults is done, or its process ends, which counts as a death. */
const HARMLESS = ['slow', 'kill-before', 'kill-after'];

/** Whether the fault of a call, as the report names it, may let a message come a second time. */
export function mayRepeat(fault: string): boolean {
  const [kind = '', operation = ''] = fault.split(' ');
  return !HARMLESS.includes(kind) && !READS.includes(operation);
}

/** How often a broker was killed or frozen: it may have taken a letter that `bridge` then sends once more. */
export const brokenBrokersOf = ({ events }: Plan): number =>
  events.filter((event) => event.do.startsWith('broker-')).length;
