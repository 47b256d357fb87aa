// An esbuild plugin: the index files of the AWS SDK's packages exist twice in a bundle, once for what a cold start reads and once
// for what is imported late. These files only pass on the exports of others. esbuild divides a bundle by files: in one index for
// all, the late clients would be loaded with what another file imports of the same package at the start.
import { readFileSync } from 'node:fs';
import type { Plugin, ResolveResult } from 'esbuild';

const RE_EXPORTS = /^(\s*(export\s*(\*(\s*as \w+)?|\{[^}]*\})\s*from\s*["'][^"']+["'];?|\/\/.*))*\s*$/;

/** The files of the SDK that a call of lib/aws needs: commands with what they are made of, signatures, the form of items. */
const EARLY_IN_SDK =
  /[\\/](commandBuilder\.js$|(commands|baseCommand|models|schemas|signature-v4|util-dynamodb)[\\/])/;
/** The files of ours that are imported late. */
const LATE_OF_OURS =
  /[\\/]lib[\\/](deployment[\\/](sdk-clients|documents)|aws[\\/](event|secret)-client)\.ts$/;
const isEarly = (importer: string): boolean =>
  /[\\/]node_modules[\\/]/.test(importer) ? EARLY_IN_SDK.test(importer) : !LATE_OF_OURS.test(importer);

/** Makes the plugin. A file that is taken for an early one only makes cold starts longer. */
export function ownBarrels(): Plugin {
  const known = new Map<string, boolean>();
  const isBarrel = (path: string): boolean => {
    const found = known.get(path) ?? (path.endsWith('.js') && RE_EXPORTS.test(readFileSync(path, 'utf8')));
    known.set(path, found);
    return found;
  };
  /** The results of esbuild's own resolution, by what is imported and the package that imports it. */
  const resolved = new Map<string, Promise<ResolveResult>>();
  return {
    name: 'own-barrels',
    setup(build) {
      build.onResolve({ filter: /^@(aws-sdk|smithy)\// }, async ({ path, pluginData, ...from }) => {
        if (pluginData === 'resolving') return undefined;
        const key = `${path} ${/^.*node_modules[\\/]@[^\\/]+[\\/][^\\/]+/.exec(from.resolveDir)?.[0] ?? ''}`;
        const found = resolved.get(key) ?? build.resolve(path, { ...from, pluginData: 'resolving' });
        resolved.set(key, found);
        const result = await found;
        if (result.errors.length > 0 || !isBarrel(result.path)) return result;
        // Some of these packages don't say that their files have no side effects.
        return { ...result, suffix: isEarly(from.importer) ? '?early' : '?late', sideEffects: false };
      });
    },
  };
}
