// The regular expressions that items and secrets meet take time linear in their text. One that takes its square would need
// minutes for these texts, and the test would not end.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { jwtProfile } from '#lib/subscription/jwt-profile-schema.ts';
import { readSigningKey } from '#lib/subscription/signing-key.ts';

const LENGTH = 65_000;
const PIECES = [
  'a',
  'A',
  '0',
  '=',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '.',
  ':',
  '-',
  '/',
  ',',
  'a:1,',
  ' , ',
  '[::]:1,',
  'é',
  '-----BEGIN ',
  '#',
  '@',
];
const STARTS = ['', 'https://', 'a:1', 'arn:aws:sqs:', 'whsec_', 'x/'];
const TEXTS = PIECES.flatMap((piece) =>
  STARTS.map((start) => `${start}${piece.repeat(LENGTH / piece.length)}\u0000!`),
);

function patternsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'pattern' && typeof inner === 'string' ? [inner] : patternsIn(inner),
  );
}

const patterns = new Set(
  ['subscription', 'endpoint'].flatMap((name) =>
    patternsIn(JSON.parse(readFileSync(`events/schema/${name}.schema.json`, 'utf8'))),
  ),
);

test.each([...patterns])('the pattern %s', (pattern) => {
  const expression = new RegExp(pattern, 'u');
  for (const text of TEXTS) for (let time = 0; time < 3; time++) expression.test(text);
});

test('the patterns of fields that depend on others', () => {
  expect(patterns.size).toBeGreaterThan(15);
  for (const keyContent of TEXTS) {
    const common = { issuer: 'i', subject: 's', audience: keyContent, keyContent };
    for (const keySource of ['PKCS12', 'PEM']) {
      for (let time = 0; time < 2; time++) jwtProfile().safeParse({ ...common, keySource });
    }
    readSigningKey(`whsec_${keyContent}`);
  }
});
