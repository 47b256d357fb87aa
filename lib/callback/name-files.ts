// What a machine knows of names without DNS: its hosts file, and the search domains of its resolver. Read by hand, because
// c-ares reads neither for a query, and getaddrinfo blocks a thread.
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

export type NameFiles = {
  /** Addresses of this name in the hosts file; empty when it is not there. */
  hosts(name: string): readonly string[];
  /** The names to ask DNS for, in this order, until one has an address. */
  candidates(name: string): readonly string[];
};

/** glibc's limit. */
const MOST_SEARCHED = 6;

/**
 * Reads the hosts file and resolv.conf, again after they change. A name with fewer dots than `ndots` is looked for in the
 * search domains, as musl does it; a name that ends with a dot never is.
 */
export function createNameFiles({
  hostsFile = '/etc/hosts',
  resolvConf = '/etc/resolv.conf',
}: {
  readonly hostsFile?: string;
  readonly resolvConf?: string;
} = {}): NameFiles {
  const hosts = watched(hostsFile, parseHosts);
  const search = watched(resolvConf, parseSearch);
  return {
    hosts: (name) => hosts().get(withoutDot(name)) ?? [],
    candidates(name) {
      if (name.endsWith('.')) return [withoutDot(name)];
      const { domains, ndots } = search();
      return name.split('.').length - 1 >= ndots
        ? [name]
        : [...domains.map((domain) => `${name}.${domain}`), name];
    },
  };
}

const withoutDot = (name: string) => name.replace(/\.$/, '').toLowerCase();

/** Parses a file once for each of its versions. A file that can't be read counts as empty: Windows has none of them. */
function watched<T>(path: string, parse: (text: string) => T): () => T {
  let last: { readonly version: number | undefined; readonly parsed: T } | undefined;
  return () => {
    const version = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (last === undefined || version !== last.version)
      last = { version, parsed: parse(version === undefined ? '' : readFileSync(path, 'utf8')) };
    return last.parsed;
  };
}

function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const [address = '', ...names] of linesOf(text)) {
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = withoutDot(name);
      hosts.set(key, [...(hosts.get(key) ?? []), address]);
    }
  }
  return hosts;
}

function parseSearch(text: string): { readonly domains: readonly string[]; readonly ndots: number } {
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const [keyword, ...words] of linesOf(text)) {
    // The last of these lines counts, as resolv.conf(5) says.
    if (keyword === 'search') domains = words.slice(0, MOST_SEARCHED).map(withoutDot);
    if (keyword === 'domain') domains = words.slice(0, 1).map(withoutDot);
    if (keyword !== 'options') continue;
    for (const word of words) ndots = Number(/^ndots:(\d{1,2})$/.exec(word)?.[1] ?? ndots);
  }
  return { domains: domains.filter((domain) => domain !== ''), ndots };
}

const linesOf = (text: string): string[][] =>
  text.split('\n').map((line) =>
    line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/),
  );
