// The name look-up of callbacks, token endpoints and proxies. Customers choose these names, so it uses no thread of libuv's pool,
// where the sockets of the AWS SDK would wait behind a silent DNS server. It judges no address; guard.ts does.
import { isIP } from 'node:net';
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import { coded, codeOf, type Lookup } from './guard.ts';
import { createNameFiles, type NameFiles } from './name-files.ts';
import { type Found, LOOKUP_TIMEOUT, queryAddresses } from './query.ts';

/** More names are being looked up than this environment looks up at a time. No fault of the name. */
export const TOO_MANY_LOOKUPS = 'ERR_CALLBACK_TOO_MANY_LOOKUPS';

/** Each look-up has a socket. A batch has ten messages, so only stragglers add up to more than a few. */
export const MOST_LOOKUPS = 128;
/** Milliseconds after which a look-up ends even when somebody still waits for it. */
const LONGEST_MS = 10_000;
/** Seconds for which an answer is used again, at most; its own TTL is often shorter. */
const LONGEST_TTL_SECONDS = 30;
const MOST_KEPT = 1_000;
// RFC 6761, 6.3.
const LOCALHOST = /(^|\.)localhost\.?$/i;
const THIS_MACHINE = ['127.0.0.1', '::1'];

type Flight = { readonly found: Promise<Found>; readonly end: AbortController; waiting: number };

/**
 * Makes the look-up. Callers that ask for the same name share one look-up, which ends when all of them have given up.
 * It rejects with ENOTFOUND when the name has no address, else with a code of query.ts or one of this file.
 */
export function createLookup({
  files = createNameFiles(),
  query = queryAddresses,
  now = Date.now,
}: {
  readonly files?: NameFiles;
  readonly query?: (name: string, signal: AbortSignal) => Promise<Found>;
  /** The wall clock, because a monotonic clock stops while a Lambda is frozen. */
  readonly now?: () => number;
} = {}): Lookup {
  const flights = new Map<string, Flight>();
  const kept = new Map<string, { readonly addresses: readonly string[]; readonly until: number }>();

  function start(name: string): Flight {
    if (flights.size >= MOST_LOOKUPS)
      throw coded(TOO_MANY_LOOKUPS, `${MOST_LOOKUPS} names are being looked up`);
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), LONGEST_MS);
    const found = search(files.candidates(name), end.signal).finally(() => {
      clearTimeout(timer);
      if (flights.get(name) === flight) flights.delete(name);
    });
    const flight = { found, end, waiting: 0 };
    flights.set(name, flight);
    found.then(
      (one) => keep(name, one),
      () => {}, // those who wait for it are told
    );
    return flight;
  }

  async function search(names: readonly string[], signal: AbortSignal): Promise<Found> {
    for (const name of names.slice(0, -1)) {
      try {
        return await query(name, signal);
      } catch (error) {
        if (codeOf(error) !== 'ENOTFOUND') throw error;
      }
    }
    return await query(names.at(-1) ?? '', signal);
  }

  function keep(name: string, { addresses, ttlSeconds }: Found): void {
    if (ttlSeconds <= 0) return;
    kept.delete(name);
    kept.set(name, { addresses, until: now() + Math.min(ttlSeconds, LONGEST_TTL_SECONDS) * 1_000 });
    forgetOldest(kept, MOST_KEPT);
  }

  /** Waits for the shared look-up until the caller gives up; the last caller to give up ends the look-up. */
  async function join(name: string, flight: Flight, signal: AbortSignal | undefined): Promise<Found> {
    const late = Promise.withResolvers<never>();
    const giveUp = () => late.reject(coded(LOOKUP_TIMEOUT, 'the name was not looked up in time'));
    if (signal?.aborted === true) giveUp();
    signal?.addEventListener('abort', giveUp);
    flight.waiting += 1;
    try {
      return await Promise.race([flight.found, late.promise]);
    } finally {
      signal?.removeEventListener('abort', giveUp);
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        flight.end.abort();
        if (flights.get(name) === flight) flights.delete(name);
      }
    }
  }

  async function addressesOf(hostname: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const known = isIP(hostname) === 0 ? files.hosts(hostname) : [hostname];
    if (known.length > 0) return known;
    if (LOCALHOST.test(hostname)) return THIS_MACHINE;
    const name = hostname.toLowerCase();
    const cached = kept.get(name);
    if (cached !== undefined && now() < cached.until) return cached.addresses;
    return (await join(name, flights.get(name) ?? start(name), signal)).addresses;
  }

  return async (hostname, signal) => (await addressesOf(hostname, signal)).map((address) => ({ address }));
}
