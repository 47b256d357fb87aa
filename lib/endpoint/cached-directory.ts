// Caches endpoints for the bridge: thousands of dead letters may name the same one. Missing and invalid endpoints are not
// cached, because somebody may correct them at any time.
import { forgetOldest } from '#lib/item/forget-oldest.ts';
import { type FoundEndpoint, readEndpoint } from './directory.ts';

/** Endpoints that are kept, of up to 64 KB each. */
const MOST_KEPT = 250;

type Deps = Parameters<typeof readEndpoint>[1] & {
  readonly now: () => number;
  readonly cacheMs: number;
};

/** Makes the lookup of endpoints by name. It throws when DynamoDB fails. */
export function createFindEndpoint(deps: Deps): (name: string) => Promise<FoundEndpoint> {
  const kept = new Map<string, { readonly found: FoundEndpoint; readonly until: number }>();
  return async (name) => {
    const known = kept.get(name);
    if (known && deps.now() < known.until) return known.found;
    kept.delete(name);
    const found = await readEndpoint(name, deps);
    if (found.kind === 'valid') kept.set(name, { found, until: deps.now() + deps.cacheMs });
    forgetOldest(kept, MOST_KEPT);
    return found;
  };
}
