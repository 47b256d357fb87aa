import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { regionFor } from '#lib/build/region.ts';

const directory = mkdtempSync(join(tmpdir(), 'region-'));
const file = join(directory, 'config');
writeFileSync(file, '[default]\nregion = eu-west-3\n[profile none]\n[profile wrong]\nregion = us east\n');
afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(() => {
  vi.stubEnv('AWS_CONFIG_FILE', file);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(directory, 'credentials'));
  vi.stubEnv('AWS_REGION', undefined);
  vi.stubEnv('AWS_DEFAULT_REGION', undefined);
  vi.stubEnv('AWS_PROFILE', undefined);
});

const NOTHING = { option: undefined, profile: undefined, env: {}, isLocal: false, mustBe: true };
const BOTH = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' };

test.each([
  ['the option', { option: 'eu-central-1', env: BOTH }, 'eu-central-1'],
  ['AWS_REGION', { env: BOTH }, 'eu-west-1'],
  ['AWS_DEFAULT_REGION', { env: { ...BOTH, AWS_REGION: '' } }, 'eu-west-2'],
  ["the profile's", {}, 'eu-west-3'],
  [
    'a made-up one of an emulated AWS',
    { env: { AWS_REGION: 'local', AWS_ENDPOINT_URL: 'http://aws:1' } },
    'local',
  ],
  [
    "one of AWS's, to package for an emulated AWS",
    { env: { AWS_REGION: 'local', AWS_ENDPOINT_URL: 'http://aws:1' }, mustBe: false },
    'us-east-1',
  ],
  [
    "one of AWS's, to package a local stage",
    { env: { AWS_DEFAULT_REGION: 'local' }, isLocal: true, mustBe: false },
    'us-east-1',
  ],
  ['none on an AWS of this machine', { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } }, 'us-east-1'],
  ['none where no AWS is reached', { profile: 'none', mustBe: false }, 'us-east-1'],
])('a stage goes to the first region that is said: %s', async (_, asked, region) => {
  expect(await regionFor({ ...NOTHING, ...asked })).toEqual({ ok: true, region });
});

test.each([
  ['the option', { option: 'nowhere' }, 'The region is "nowhere"; it must be the name of an AWS region'],
  ['the environment', { env: { AWS_DEFAULT_REGION: 'us east' } }, 'The region is "us east"'],
  ['the environment, to package', { env: { AWS_REGION: 'local' }, mustBe: false }, 'The region is "local"'],
  ['the profile', { profile: 'wrong' }, 'The region of the AWS profile is no name of an AWS region'],
  ['nobody', { profile: 'none' }, 'No AWS region is said: give --region, or set AWS_REGION.'],
])('what cannot be a region is refused in a sentence: of %s', async (_, asked, sentence) => {
  const answer = await regionFor({ ...NOTHING, ...asked });
  expect(answer).toEqual({ ok: false, fault: expect.stringContaining(sentence) });
});
