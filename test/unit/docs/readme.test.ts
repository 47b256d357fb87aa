// The README stays short, and its table of qualities of service is that of the code. The commands are run by
// test/integration/readme.test.ts.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isOrdered, QOS } from '#lib/subscription/subscription.ts';
import { readPage } from '#test/support/page.ts';

const page = readPage('README.md');
const FEWER_LINES_THAN = 200;

test('it stays short', () => {
  expect(page.text.split('\n').length).toBeLessThanOrEqual(FEWER_LINES_THAN);
});

test('it names the first version of each Node that the code runs on', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  const said = [...page.text.matchAll(/\b2\d(?:\.\d+)?\b/g)].map(([version]) => version);
  const versions = [...String(engines.node).matchAll(/(\d+)\.(\d+)\.0/g)];
  expect(versions.length).toBeGreaterThan(0);
  for (const [, major, minor] of versions)
    expect(said).toContain(minor === '0' ? major : `${major}.${minor}`);
});

test('every quality of service has its row, with one request at a time if it keeps the order', () => {
  const rows = page
    .table('`qos`')
    .map(([name = '', requests, order]) => ({ qos: name.split(',')[0], requests, order }));
  expect(rows).toEqual(
    QOS.map((qos) => ({
      qos,
      requests: isOrdered(qos) ? '1' : 'maxConcurrentConnections',
      order: isOrdered(qos) ? 'yes' : 'no',
    })),
  );
});
