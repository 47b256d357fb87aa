// Asks DNS for the addresses of one name, IPv4 and IPv6 at the same time, by c-ares: it needs no thread of libuv's pool, and
// a query can be ended. Knows no cache; lookup.ts has one.
import dns from 'node:dns';
import { closeSync, openSync } from 'node:fs';
import { coded, codeOf } from './guard.ts';

/** Prefix of the error codes of a look-up that failed; the code of c-ares follows, such as _ESERVFAIL. */
export const LOOKUP_FAILED = 'ERR_CALLBACK_LOOKUP';
export const LOOKUP_TIMEOUT = `${LOOKUP_FAILED}_TIMEOUT`;
/** No DNS server could be asked at all: they refuse, or no socket could be opened. No fault of the name. */
export const NO_DNS_SERVER = 'ERR_CALLBACK_NO_DNS_SERVER';

export type Found = { readonly addresses: readonly string[]; readonly ttlSeconds: number };

// A lost packet is sent again after a second, then after two, then after four.
const C_ARES = { timeout: 1_000, tries: 3 };
// RFC 8305, 3: IPv4 addresses are used when the IPv6 answer takes longer than this. IPv4 gets more time: a
// function has IPv6 only in a dual-stack subnet.
const GRACE_MS = { 4: 50, 6: 500 } as const;

/** An answer may hold thousands, and is kept. The guard judges all that are left. */
const MOST_ADDRESSES = 64;
/** Node's code for c-ares' "could not contact DNS servers". */
const REFUSED = 'ECONNREFUSED';
/** EBADNAME: it can't be written as a query. */
const NO_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'EBADNAME']);
const NO_ADDRESS: ReadonlySet<string> = new Set([...NO_NAME, 'ENODATA']);

type Answer =
  | { readonly family: 4 | 6; readonly ok: true; readonly records: readonly Address[] }
  | { readonly family: 4 | 6; readonly ok: false; readonly code: string };
type Address = { readonly address: string; readonly ttl: number };

/**
 * Returns the addresses of a name, IPv4 first, and for how long they are valid. Rejects with ENOTFOUND when it has none,
 * or with one of the codes above. The servers are those of node:dns (`dns.getServers`), as host:port.
 */
export async function queryAddresses(name: string, signal: AbortSignal): Promise<Found> {
  const resolver = resolverOfItsOwn();
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel);
  try {
    const four = answerOf(4, resolver.resolve4(name, { ttl: true }));
    const six = answerOf(6, resolver.resolve6(name, { ttl: true }));
    const first = await Promise.race([four, six]);
    const second = await within(
      first.ok ? GRACE_MS[first.family] : undefined,
      first.family === 4 ? six : four,
    );
    const found = foundIn(first, second);
    // Refused, or no socket was left. But c-ares says the same of one name whose answer needs TCP, where TCP is blocked.
    const isRefused = found === REFUSED && (await failsFor('localhost', resolver));
    if (signal.aborted) throw coded(LOOKUP_TIMEOUT, 'the look-up was ended');
    if (typeof found !== 'string') return found;
    if (isRefused) throw noServer();
    throw NO_ADDRESS.has(found)
      ? coded('ENOTFOUND', 'the name has no address')
      : coded(`${LOOKUP_FAILED}_${found}`, 'the name could not be looked up');
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

/** Makes a resolver for one look-up: `cancel` ends all queries of a resolver, so look-ups must not share one. */
function resolverOfItsOwn(): dns.promises.Resolver {
  try {
    const resolver = new dns.promises.Resolver(C_ARES);
    // `dns.setServers` replaces `getServers` in the module: a function imported by its name would return the old servers.
    resolver.setServers(dns.getServers());
    return resolver;
  } catch {
    // It reads the system's files, and its error has no code.
    throw noServer();
  }
}

/** c-ares does not say when it could open no socket. */
function noServer(): NodeJS.ErrnoException {
  try {
    closeSync(openSync('/dev/null', 'r'));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EMFILE' || code === 'ENFILE') return coded(code, 'no file is left for a look-up');
  }
  return coded(NO_DNS_SERVER, 'no DNS server could be asked');
}

async function answerOf(family: 4 | 6, asked: Promise<readonly Address[]>): Promise<Answer> {
  try {
    const records = await asked;
    if (records.length === 0) return { family, ok: false, code: 'ENODATA' };
    return { family, ok: true, records: records.slice(0, MOST_ADDRESSES) };
  } catch (error) {
    return { family, ok: false, code: codeOf(error) ?? 'EUNKNOWN' };
  }
}

/** Waits for an answer; undefined when it is not there after these milliseconds. */
async function within(ms: number | undefined, answer: Promise<Answer>): Promise<Answer | undefined> {
  if (ms === undefined) return await answer;
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The addresses, or the code that tells why there are none. */
function foundIn(first: Answer, second: Answer | undefined): Found | string {
  const answers = second === undefined ? [first] : [first, second].sort((a, b) => a.family - b.family);
  const records = answers.flatMap((answer) => (answer.ok ? answer.records : []));
  if (records.length > 0) {
    const addresses = records.map(({ address }) => address);
    return { addresses, ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)) };
  }
  const codes = answers.flatMap((answer) => (answer.ok ? [] : [answer.code]));
  // NXDOMAIN is about the name, whatever the type.
  return codes.find((code) => NO_NAME.has(code)) ?? codes.find((code) => code !== 'ENODATA') ?? 'ENODATA';
}

/** Whether the DNS servers refuse to be asked for this name too. */
async function failsFor(name: string, resolver: dns.promises.Resolver): Promise<boolean> {
  const answer = await answerOf(4, resolver.resolve4(name, { ttl: true }));
  return !answer.ok && answer.code === REFUSED;
}
