// Looks up the host names of callbacks, token endpoints, proxies and brokers, each name once. The total number, the number at
// the same time and the duration have limits. The guard judges the addresses as it does for a delivery.
import { setTimeout as wait } from 'node:timers/promises';
import type { AddressRules } from '#lib/callback/address.ts';
import type { Lookup } from '#lib/callback/guard.ts';
import { checkAddresses } from '#lib/callback/resolve.ts';
import { inTurn } from './in-turn.ts';
import type { Sight } from './unseen.ts';

/** A name, with the first item that uses it and how many more do. */
export type UsedName = {
  readonly host: string;
  readonly kind: 'callback' | 'broker';
  readonly where: string;
  users: number;
};

const MOST_NAMES = 2_000;
const AT_ONCE = 16;
const EACH_MS = 5_000;
const ALL_MS = 60_000;

type Deps = {
  readonly lookup: Lookup;
  readonly addresses: Readonly<Record<UsedName['kind'], AddressRules>>;
  /** The functions are in a VPC, whose names this machine may not know. */
  readonly inVpc: boolean;
  readonly onProgress: (done: number, total: number) => void;
};

/** Finds names without an address, and those whose addresses the guard refuses. */
export async function lookAtNames(used: readonly UsedName[], sight: Sight, deps: Deps): Promise<void> {
  const names = used.slice(0, MOST_NAMES);
  if (used.length > MOST_NAMES)
    sight.skip(
      `${used.length - MOST_NAMES} of ${used.length} host names`,
      `the doctor looks up ${MOST_NAMES}`,
    );
  const ends = Date.now() + ALL_MS;
  let done = 0;
  let late = 0;
  await inTurn(names, AT_ONCE, async (name) => {
    if (Date.now() > ends) late++;
    else findRefusal(name, await refusalOf(name, deps), sight, deps);
    deps.onProgress(++done, names.length);
  });
  if (late > 0)
    sight.skip(
      `${late} of ${names.length} host names`,
      `the others took ${ALL_MS / 1000} s: the name server of this machine is slow`,
    );
}

const TOO_LONG = Symbol('too long');

async function refusalOf(
  { host, kind }: UsedName,
  { lookup, addresses }: Deps,
): Promise<string | undefined | typeof TOO_LONG> {
  const stop = new AbortController();
  try {
    return await Promise.race([
      checkAddresses(`http://${host}`, { lookup, addresses: addresses[kind] }),
      wait(EACH_MS, TOO_LONG, { signal: stop.signal }),
    ]);
  } finally {
    stop.abort();
  }
}

function findRefusal(
  { host, kind, where, users }: UsedName,
  refusal: string | undefined | typeof TOO_LONG,
  sight: Sight,
  { inVpc }: Deps,
): void {
  if (refusal === undefined) return;
  const used = users > 1 ? `, and ${users - 1} more` : '';
  const what = kind === 'broker' ? 'The broker' : 'The host';
  if (refusal === TOO_LONG) {
    sight.find({
      severity: 'warning',
      where: `${where}${used}`,
      what: `${what} ${host} was not found within ${EACH_MS / 1000} s.`,
      fix: "Ask the owner of the name about its name servers, or look at this machine's.",
    });
    return;
  }
  const isUnknown = refusal.endsWith('without an address');
  sight.find({
    severity: isUnknown && (inVpc || kind === 'broker') ? 'warning' : 'error',
    where: `${where}${used}`,
    what: isUnknown ? `${what} ${host} has no address.` : `${what} ${host} ${refusal}.`,
    fix: isUnknown
      ? 'Correct the name in the item. If only the network of the functions knows it, this is no fault: give --skip-dns.'
      : `Name its range in the parameter ${kind === 'broker' ? 'brokerCidrs' : 'allowedCidrs'} if it may be called, or correct the name.`,
  });
}
