// Watches the requests that are open at a receiver at once: never more than the items allow under which they were made.
import { itemIn } from './item.ts';
import type { Received } from './receiver.ts';

export type Caps = {
  watch(request: Received, open: readonly Received[]): void;
  /** A sentence for each moment with too many open requests. */
  readonly breaches: string[];
};

const versionOf = ({ headers }: Received) => itemIn(headers) ?? { version: undefined, cap: 1 };

/** `isUnlocked`: the lock under which the request was made has ended, so the next holder of its lane may send beside it. */
export function createCaps(isUnlocked: (request: Received) => boolean = () => false): Caps {
  const breaches: string[] = [];

  function check(request: Received, open: readonly Received[]): void {
    // An answer at once ends the request before this is called. It was open all the same, beside those that still are.
    const still = open.filter((one) => one === request || (one.endedAt === undefined && !isUnlocked(one)));
    const { version, cap } = versionOf(request);
    const most = Math.max(cap, ...still.map((one) => versionOf(one).cap));
    const same = still.filter((one) => versionOf(one).version === version).length;
    if (still.length <= most && same <= cap) return;
    const ids = still.map(({ headers }) => headers.get('webhook-id')).join(', ');
    breaches.push(`${request.subscription}: ${ids} were open at once, and the item allows ${cap}`);
  }

  return {
    breaches,
    watch(request, open) {
      if (open.length <= 1) return;
      // The system may tell of the end of an older connection after the first bytes of a newer one. So the end of the others is
      // looked for again when all events of this moment have been handled.
      setImmediate(() => setImmediate(check, request, open));
    },
  };
}
