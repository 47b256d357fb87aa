// Endpoints for the bridge, kept for a moment: thousands of letters may name the same one. One that is not there, or not
// right, is not kept: it may be put the next moment.
import { type FoundEndpoint, readEndpoint } from './found.ts';

type Deps = Parameters<typeof readEndpoint>[1] & {
  readonly now: () => number;
  readonly cacheMs: number;
};

/** Finds an endpoint by its name. Throws when DynamoDB fails. */
export function createFindEndpoint(deps: Deps): (name: string) => Promise<FoundEndpoint> {
  const kept = new Map<string, { readonly found: FoundEndpoint; readonly until: number }>();
  return async (name) => {
    const known = kept.get(name);
    if (known && deps.now() < known.until) return known.found;
    kept.delete(name);
    const found = await readEndpoint(name, deps);
    if (found.kind === 'valid') kept.set(name, { found, until: deps.now() + deps.cacheMs });
    return found;
  };
}
