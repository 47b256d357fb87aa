// The DNS server of the functions: it knows the receivers' name, or answers late, with an error, or not at all.
import { setTimeout } from 'node:timers/promises';
import { startDnsServer } from '#test/support/dns-server.ts';
import type { Event } from './plan.ts';

type Absence = Extract<Event, { do: 'names-absent' }>['how'];
export type NameFault = Absence | 'slow';

export type Names = {
  readonly address: string;
  absent(how: Absence): void;
  /** Answers after this time. */
  slow(ms: number): void;
  there(): void;
  /** The faults that a question met since `begin`. */
  met(): ReadonlySet<NameFault>;
  begin(): void;
  close(): Promise<void>;
};

export async function startNames(): Promise<Names> {
  let absence: Absence | undefined;
  let slowMs = 0;
  let met = new Set<NameFault>();
  const server = await startDnsServer(() => {
    if (absence !== undefined) met.add(absence);
    else if (slowMs > 0) met.add('slow');
    switch (absence) {
      case 'silent':
        return 'silent';
      case 'unknown':
        return { rcode: 'NXDOMAIN' };
      case 'failing':
        return { rcode: 'SERVFAIL' };
      case undefined:
        return {
          addresses: ['127.0.0.1'],
          ttl: 0,
          ...(slowMs > 0 && { after: setTimeout(slowMs) }),
        };
      default:
        return absence satisfies never;
    }
  });
  return {
    address: server.address,
    absent(how) {
      absence = how;
    },
    slow(ms) {
      slowMs = ms;
    },
    there() {
      absence = undefined;
      slowMs = 0;
    },
    met: () => met,
    begin() {
      met = new Set();
    },
    close: server.close,
  };
}
