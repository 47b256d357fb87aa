// Which Node this runs on is said in package.json, .nvmrc and serverless.yml, and brought by the install: they agree.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { intersects, major, minVersion, subset } from 'semver';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const { engines, optionalDependencies } = z
  .object({
    engines: z.object({ node: z.string() }),
    optionalDependencies: z.record(z.string(), z.string()),
  })
  .parse(json('package.json'));
const { packages } = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        optional: z.boolean().default(false),
        engines: z.object({ node: z.string().optional() }).optional(),
      }),
    ),
  })
  .parse(json('package-lock.json'));

test('every package that is installed everywhere takes every Node that this project takes', () => {
  const unfit = Object.entries(packages).filter(
    ([, { optional, engines: needs }]) =>
      !optional && needs?.node !== undefined && !subset(engines.node, needs.node),
  );
  expect(unfit.map(([path, { engines: needs }]) => `${path} needs Node ${needs?.node}`)).toEqual([]);
});

test('.nvmrc, the Node that comes with the install and the Lambda runtime are of one major version', () => {
  const { provider } = z
    .object({ provider: z.object({ runtime: z.string() }) })
    .parse(parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' }));
  const wanted = Number(readFileSync('.nvmrc', 'utf8'));
  expect(provider.runtime).toBe(`nodejs${wanted}.x`);
  for (const [name, version] of Object.entries(optionalDependencies)) {
    expect(name).toMatch(/^node-/);
    expect(major(version)).toBe(wanted);
    expect(intersects(version, engines.node)).toBe(true);
  }
});

describe('lib/build/node-version.cjs', () => {
  const runOn = (version: string) =>
    spawnSync(
      process.execPath,
      [
        '-e',
        `Object.defineProperty(process, 'versions', { value: { node: '${version}' } }); require('./lib/build/node-version.cjs');`,
      ],
      { encoding: 'utf8' },
    );
  const [least] = engines.node.split(' || ').map((range) => minVersion(range)?.version ?? '');

  test.each([least, '24.6.0', '24.21.0', '26.0.0', '27.1.3'])('takes Node %s', (version) => {
    expect(runOn(String(version))).toMatchObject({ status: 0, stderr: '' });
  });

  test.each(['20.20.2', '22.21.9', '23.11.0', '24.5.9', '25.9.0'])(
    'refuses Node %s in a sentence with what was found',
    (version) => {
      const { status, stderr } = runOn(version);
      expect(status).toBe(1);
      expect(stderr).toContain(`found ${version}`);
    },
  );
});
