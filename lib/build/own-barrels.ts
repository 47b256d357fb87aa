// An esbuild plugin: gives each importer of a package of the AWS SDK an index file of its own. These index files only pass on
// the exports of others. esbuild divides a bundle by files: in a shared index, what one file imports late would be loaded with
// what another imports at the start, and each cold start would read the SDK's clients.
import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

const RE_EXPORTS = /^(\s*(export\s*(\*(\s*as \w+)?|\{[^}]*\})\s*from\s*["'][^"']+["'];?|\/\/.*))*\s*$/;

/** Makes the plugin. */
export function ownBarrels(): Plugin {
  const known = new Map<string, boolean>();
  const isBarrel = (path: string): boolean => {
    const found = known.get(path) ?? (path.endsWith('.js') && RE_EXPORTS.test(readFileSync(path, 'utf8')));
    known.set(path, found);
    return found;
  };
  const importers = new Map<string, number>();
  const numberOf = (importer: string): number => {
    const number = importers.get(importer) ?? importers.size;
    importers.set(importer, number);
    return number;
  };
  return {
    name: 'own-barrels',
    setup(build) {
      build.onResolve({ filter: /^@(aws-sdk|smithy)\// }, async ({ path, pluginData, ...from }) => {
        if (pluginData === 'resolving') return undefined;
        const found = await build.resolve(path, { ...from, pluginData: 'resolving' });
        if (found.errors.length > 0 || !isBarrel(found.path)) return found;
        // Some of these packages don't say that their files have no side effects.
        return { ...found, suffix: `?${numberOf(from.importer)}`, sideEffects: false };
      });
    },
  };
}
