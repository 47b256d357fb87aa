// What a cold start reads of each bundle: the entry and the files that it imports at once. What few invocations need is in
// files that are imported late.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { bundle } from '#lib/build/bundle.ts';

let files: Record<string, Metafile>;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'late-parts-'));
  files = await bundle(folder);
  return () => rmSync(folder, { recursive: true });
});

/** The output files that importing the function reads. */
function readAtOnce(name: string): Metafile['outputs'][string][] {
  const outputs = files[name]?.outputs ?? {};
  const seen = new Set<string>();
  const follow = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path, kind } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && path in outputs) follow(path);
    }
  };
  for (const file of Object.keys(outputs)) if (file.endsWith('/index.js')) follow(file);
  return [...seen].flatMap((file) => outputs[file] ?? []);
}

const packagesIn = (outputs: readonly Metafile['outputs'][string][]): Set<string> =>
  new Set(
    outputs.flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => {
        const [, name] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
        return name === undefined || bytesInOutput === 0 ? [] : [name];
      }),
    ),
  );

test.each([
  ['deliver', ['oauth4webapi', 'jose', 'node-forge', 'socks', '@platformatic/kafka']],
  ['deliver', ['@aws-sdk/client-eventbridge', '@aws-sdk/client-secrets-manager', '@aws-sdk/client-lambda']],
  ['route', ['oauth4webapi', 'jose', 'node-forge', 'socks', '@aws-sdk/client-secrets-manager']],
  ['resume', ['@aws-sdk/client-eventbridge']],
  // What the clients of the SDK need, and the calls of lib/aws do not.
  ...['deliver', 'route', 'resume'].map((name): [string, string[]] => [
    name,
    ['@smithy/node-http-handler', '@aws-sdk/credential-provider-node', '@aws-sdk/dynamodb-codec'],
  ]),
  ['bridge', ['@platformatic/kafka', '@aws-sdk/client-secrets-manager']],
  ['redrive', ['@platformatic/kafka', '@aws-sdk/client-secrets-manager']],
])('%s reads nothing of %j before it needs it', (name, late) => {
  const packages = packagesIn(readAtOnce(name));
  expect(packages).toContain('zod');
  expect(late.filter((one) => packages.has(one))).toEqual([]);
});

test.each([
  ['deliver', 1_120],
  ['route', 880],
])('%s reads at most %d KiB of code when it starts', (name, most) => {
  const bytes = readAtOnce(name).reduce((sum, output) => sum + output.bytes, 0);
  expect(bytes / 1024).toBeLessThan(most);
});
